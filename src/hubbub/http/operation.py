"""One entry of the REST API: the route, the input, the answer, and what OpenAPI says about it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic

from msgspec import Struct

from hubbub.errors import HubbubError

from .body import Input
from .call import Call
from .origin import SAFE_METHODS

_PARAMETER: Final = re.compile(r"\{(\w+)\}")


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """The input of an operation that has none."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[Input]):
    """What one method at one path does.

    Attributes:
        handler: its docstring becomes the description in OpenAPI.
        input: decoded from the query of a GET, else from the JSON body. `Nothing`: there is none.
        answer: the Struct under `status`; None: no body, 204.
        public: works without signing in.
        errors: what it refuses with, besides what every operation does.
    """

    method: str
    path: str
    name: str
    summary: str
    tag: str
    handler: Callable[[Call, Input], Awaitable[Struct | None]]
    input: type[Input]
    answer: type[Struct] | None
    status: int = 200
    public: bool = False
    errors: tuple[type[HubbubError], ...] = ()

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return _PARAMETER.findall(self.path)

    @property
    def has_body(self) -> bool:
        return self.method not in SAFE_METHODS and self.input is not Nothing
