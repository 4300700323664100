"""How the parts of a client talk to the present connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from msgspec import Struct

from hubbub.errors import HubbubError
from hubbub.vocabulary import CommandBase

T = TypeVar("T", bound=Struct)


class Ask(Protocol):
    """Sends a command on the present connection."""

    def __call__(self, command: CommandBase[T], settle: Callable[[T | HubbubError], None]) -> None:
        """Post it and call `settle` once: with the reply, an error, `NoAnswer` or `ConnectionLost`.

        Without a connection `settle` is called at once.
        """
        ...
