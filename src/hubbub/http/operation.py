"""One entry of the REST API: the route, the input, the answer, and what OpenAPI says about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic

from msgspec import Struct

from hubbub.chat.access import is_public
from hubbub.errors import HubbubError
from hubbub.vocabulary import Action
from hubbub.vocabulary.describe.rest import QUERY_METHODS, path_parameters

from .body import Input
from .call import Call

API: Final = "/api/v1"
"""Where every path begins."""


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """The input of an operation that has none."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[Input]):
    """What one method at one path does.

    Attributes:
        input: decoded from the query of a GET or DELETE, else from the JSON body. `Nothing`: there is none.
        answer: the Struct under `status`; None: no body, 204.
        action: chat/access.py says who may.
        fields: what stands in the path; None: texts.
        description: what OpenAPI says beyond the summary; empty: the handler's docstring.
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
    action: Action
    fields: type[Struct] | None = None
    description: str = ""
    status: int = 200
    errors: tuple[type[HubbubError], ...] = ()

    @property
    def parameters(self) -> list[str]:
        """The names in the path."""
        return path_parameters(self.path)

    @property
    def public(self) -> bool:
        """Whether it works without signing in."""
        return is_public(self.action)

    @property
    def has_body(self) -> bool:
        return self.method not in QUERY_METHODS and self.input is not Nothing
