"""Which namespaces there are: by name, and by pattern on demand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any, Final

from hubbub.wire.socketio import possible_namespace

from .handlers import Handlers
from .namespace import Namespace
from .running import Running


class Namespaces:
    """A server's namespaces. The main one is always there."""

    def __init__(self, main: Namespace) -> None:
        self._main = main
        self._by_name: dict[str, Namespace] = {main.name: main}
        self._made: set[str] = set()  # of a pattern
        self._patterns: list[tuple[re.Pattern[str], Handlers]] = []
        self._running: Running | None = None

    def __len__(self) -> int:
        return len(self._by_name)

    def start(self, running: Running) -> None:
        """The server runs. Those that patterns had made are made anew when somebody comes."""
        self._running = running
        for name in self._made:
            del self._by_name[name]
        self._made.clear()
        for namespace in self._by_name.values():
            namespace.start(running)

    def of(self, name: str | re.Pattern[str]) -> Namespace:
        """The namespace of a name, made when it is new; for a pattern the one to register handlers on.

        Of a pattern's names, look one up each time: it ends when the last socket leaves it.

        Raises:
            ValueError: no client can say this name, or one that the pattern matches.
        """
        if isinstance(name, re.Pattern):
            complaint = complaint_about(name)
            if complaint is not None:
                raise ValueError(f"the pattern {name.pattern!r} matches no name that a client can say: {complaint}")
            template = Namespace(name.pattern)
            self._patterns.append((name, template.handlers))
            return template
        name = name if name.startswith("/") else "/" + name
        if not possible_namespace(name):
            raise ValueError(
                f"no client can say {name[:80]!r}: a namespace has up to 256 characters, without commas, question marks"
                " and control characters"
            )
        found = self._by_name.get(name)
        if found is not None:
            return found
        handlers = self._handlers_of(name)
        if handlers is None:
            return self._add(Namespace(name))
        nobody = Namespace(name, handlers)  # a pattern's, and nobody is in it
        if self._running is not None:
            nobody.start(self._running)
        return nobody

    def knows(self, name: str) -> bool:
        """Whether clients may ask for it."""
        return name in self._by_name or self._handlers_of(name) is not None

    def find(self, name: str) -> Namespace:
        """The namespace of a name that `knows` has let in."""
        found = self._by_name.get(name)
        if found is None:
            found = self._add(Namespace(name, self._handlers_of(name)))
            self._made.add(name)
        return found

    def drop_if_unused(self, namespace: Namespace) -> None:
        """A pattern's namespace lives as long as somebody is in it, or is on the way into it."""
        name = namespace.name
        unused = not namespace.sockets and not namespace.arriving
        if unused and name in self._made and self._by_name.get(name) is namespace:
            self._made.discard(name)
            del self._by_name[name]

    def _handlers_of(self, name: str) -> Handlers | None:
        return next((handlers for pattern, handlers in self._patterns if pattern.fullmatch(name)), None)

    def _add(self, namespace: Namespace) -> Namespace:
        self._by_name[namespace.name] = namespace
        if self._running is not None:
            namespace.start(self._running)
        return namespace


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
