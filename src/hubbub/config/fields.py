"""The settings as data: what the loader, the command line and the reference page ask about them."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, get_args

import msgspec
from msgspec import Struct, inspect

from .settings import Config


class Field(Struct, frozen=True):
    """One setting.

    Attributes:
        annotation: the type with its limits, for `msgspec.convert`.
        default: as a value.
        allowed: the allowed values in words, such as "a whole number from 0 to 65535".
        choices: for a setting that is one of a few words.
        many: a list; in the environment and in flags its items are separated by commas.
        secret: an address that may hold a password: it is shown without.
    """

    name: str
    annotation: Any
    default: object
    description: str
    allowed: str
    choices: tuple[str, ...] = ()
    many: bool = False
    secret: bool = False

    def displayed(self, value: object) -> str:
        """A value for the operator's eyes and the log."""
        return shown(redacted(value) if self.secret and isinstance(value, str) else value)

    @property
    def variable(self) -> str:
        return f"HUBBUB_{self.name.upper()}"

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


@cache
def fields() -> dict[str, Field]:
    """All settings by name, in the order of the Struct."""
    info = inspect.type_info(Config)
    if not isinstance(info, inspect.StructType):  # pragma: no cover  it is one
        raise TypeError
    annotations = {field.name: field.type for field in msgspec.structs.fields(Config)}
    return {field.name: _field(field, annotations[field.name]) for field in info.fields}


def _field(field: inspect.Field, annotation: object) -> Field:
    kind, description, secret, title = field.type, "", False, ""
    if isinstance(kind, inspect.Metadata):
        extra = kind.extra_json_schema or {}
        description, secret = str(extra.get("description", "")), bool(extra.get("writeOnly"))
        title = str(extra.get("title", ""))
        kind = kind.type
    choices = get_args(get_args(annotation)[0]) if isinstance(kind, inspect.LiteralType) else ()
    return Field(
        name=field.name,
        annotation=annotation,
        default=field.default,
        description=description,
        allowed=_allowed(kind, choices, title),
        choices=choices,
        many=isinstance(kind, inspect.VarTupleType),
        secret=secret,
    )


_NETWORKS = "a list of IP addresses and networks such as 10.0.0.0/8"


def _allowed(kind: inspect.Type, choices: tuple[str, ...], title: str) -> str:
    if choices:
        return " or ".join(choices) if len(choices) == 2 else "one of " + ", ".join(choices)
    if isinstance(kind, inspect.IntType):
        return f"a whole number from {kind.ge} to {kind.le}"
    if isinstance(kind, inspect.FloatType):
        return f"a number from {kind.ge:g} to {kind.le:g}"
    if isinstance(kind, inspect.BoolType):
        return "true or false"
    if isinstance(kind, inspect.VarTupleType):
        patterned = isinstance(kind.item_type, inspect.StrType) and kind.item_type.pattern
        return "a list of origins such as https://app.example.org, or *" if patterned else _NETWORKS
    if isinstance(kind, inspect.StrType) and kind.pattern:
        if not title:
            raise ValueError("a setting with a pattern says in its title what it takes")
        return f"empty or an {title}"
    return "a text that is not empty"


_ADDRESS = re.compile(
    r"([\w+]+://)(.*@)?([\w.\[\]-]*(?::\d+)?(?:,[\w.\[\]-]+(?::\d+)?)*(?:/[\w.-]*)*)(\?.*)?", re.DOTALL
)


def redacted(address: str) -> str:
    """An address without user, password and options. Nothing is shown of one that is not well-formed."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return "…" if address else ""
    scheme, user, place, options = found.groups()
    return f"{scheme}{'…@' if user else ''}{place}{'?…' if options else ''}"


def shown(value: object) -> str:
    """A value as it would be written in the TOML file."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(shown(item) for item in value) + "]"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
