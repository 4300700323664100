"""Patterns of namespaces that look right and match nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

_NEVER: Final = {",": "a comma ends a name on the wire", "?": "what follows a question mark is dropped"}


def complaint_about(pattern: re.Pattern[str]) -> str | None:
    """Why a regular expression matches no possible name as a whole; None when it may match one.

    It looks at the characters that every match has to have. What it can't tell is let through.
    """
    required = list(_required(import_module("re._parser").parse(pattern.pattern, pattern.flags)))
    if required and required[0] is not None and required[0] != "/":
        return "a name begins with a slash"
    return next((_NEVER[character] for character in required if character in _NEVER), None)


def _required(parts: Any) -> Iterator[str | None]:
    """The characters that every match has, in order; None: something else stands here."""
    for operation, argument in parts:
        name = str(operation)
        if name == "LITERAL":
            yield chr(argument)
        elif name == "SUBPATTERN" and not argument[1]:  # no flags of its own
            yield from _required(argument[3])
        elif name != "AT":  # an anchor, which takes no place
            yield None
