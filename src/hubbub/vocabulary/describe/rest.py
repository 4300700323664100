"""What a command's REST operation takes: its fields, some from the path, the others from query or body."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Any, Final

import msgspec
from msgspec import Struct

from hubbub.vocabulary.declaration import CommandBase, Rest

_PARAMETER: Final = re.compile(r"\{(\w+)\}")


QUERY_METHODS: Final[AbstractSet[str]] = frozenset({"GET", "DELETE"})
"""Methods whose requests have no body: what they take is the query (RFC 9110 sections 9.3.1 and 9.3.5)."""


def path_parameters(path: str) -> list[str]:
    """The names in a path."""
    return _PARAMETER.findall(path)


def path_struct(command: type[CommandBase[Any]], rest: Rest) -> type[Struct]:
    """The fields that stand in the path."""
    return _part(command, f"{command.__name__}Path", set(path_parameters(rest.path)))


def input_struct(command: type[CommandBase[Any]], rest: Rest) -> type[Struct] | None:
    """The fields of query or body, with their docstrings and defaults; None: there are none."""
    elsewhere = {"ref", *rest.without, *path_parameters(rest.path)}
    names = set(command.__struct_fields__) - elsewhere
    kind = "Query" if rest.method in QUERY_METHODS else "Body"
    return _part(command, f"{command.__name__}{kind}", names) if names else None


def _part(command: type[CommandBase[Any]], name: str, names: set[str]) -> type[Struct]:
    fields: list[tuple[str, Any] | tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(command):
        if field.name in names:
            required = field.default is msgspec.NODEFAULT
            fields.append((field.name, field.type) if required else (field.name, field.type, field.default))
    return msgspec.defstruct(name, fields, frozen=True, forbid_unknown_fields=True)
