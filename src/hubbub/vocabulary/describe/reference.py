"""The tables of docs/protocol.md: commands, replies, events, signals, and the numbers of the compact wire."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo, fields

from hubbub.vocabulary.access import Action, Role
from hubbub.vocabulary.declaration import CommandBase, EventBase, Work, reply_of, tag_of
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS, all_structs

from .schema import COMMANDS, UNIONS, docstring

_LINE: Final = 120


def tables(may: Mapping[Action, Iterable[Role]]) -> dict[str, Callable[[], str]]:
    """What makes the text between the markers of each name. `may`: who may do what (chat/access.py)."""
    return {
        "commands": lambda: _commands(may),
        "replies": _replies,
        "events": lambda: _pushed("Event", set(EventBase.__struct_fields__)),
        "signals": lambda: _pushed("Signal", set()),
        "keys": _keys,
    }


def fill(page: str, texts: Mapping[str, Callable[[], str]]) -> str:
    """A page with its generated parts written anew: what stands between `<!-- NAME: … -->` and `<!-- end of NAME -->`.

    Raises:
        ValueError: the page does not have these markers, each once.
    """
    for name, make in texts.items():
        found = re.findall(rf"<!-- {name}: .*-->\n|<!-- end of {name} -->", page)
        if len(found) != 2:
            raise ValueError(f"the markers of {name} are not there, each once")
        before, rest = page.split(found[0])
        _, after = rest.split(found[1])
        page = f"{before}{found[0]}\n{make()}\n{found[1]}{after}"
    return page


def _commands(may: Mapping[Action, Iterable[Role]]) -> str:
    rows = [_command(command, may[command.declared.access]) for command in COMMANDS]
    return _table(("command", "fields", "reply", "who", "units", "REST"), rows)


def _command(command: type[CommandBase[Any]], roles: Iterable[Role]) -> tuple[str, ...]:
    said = command.declared
    who = "anybody" if Role.STRANGER in roles else ", ".join(sorted(roles))
    if said.joined:
        who += ", who has joined it here"
    return (
        f"[`{tag_of(command)}`](#{tag_of(command)})",
        _fields(field for field in fields(command) if field.name != "ref"),
        f"`{reply_of(command).__name__}`",
        who,
        _units(said.work),
        "" if said.rest is None else f"{said.rest.method} {said.rest.path}",
    )


def _units(work: Work) -> str:
    units = [str(work.units)] if work.units or not work.per_kib_of_text else []
    if work.per_room:
        units.append(f"{work.per_room} for each room")
    if work.per_kib_of_text:
        units.append(f"{work.per_kib_of_text} for each KiB of `text`")
    return ", ".join(units)


def _replies() -> str:
    inside = [struct for struct in all_structs() if not any(struct in members for members in UNIONS.values())]
    structs = [*UNIONS["Reply"], *inside]
    rows = [(f"`{struct.__name__}`", _fields(fields(struct)), _meaning(struct)) for struct in structs]
    return _table(("reply", "fields", "meaning"), rows)


def _pushed(union: str, common: set[str]) -> str:
    rows = []
    for struct in UNIONS[union]:
        own = [field for field in fields(struct) if field.name not in common]
        rows.append((f"`{tag_of(struct)}`", _fields(own), _meaning(struct)))
    return _table(("type", "further fields" if common else "fields", "meaning"), rows)


def _fields(of: Iterable[FieldInfo]) -> str:
    """Names, with the defaults of those that may be absent."""
    return ", ".join(f"`{field.name}`{_default(field)}" for field in of)


def _default(field: FieldInfo) -> str:
    if field.default is not msgspec.NODEFAULT:
        return f" ({json.dumps(field.default)})"
    if field.default_factory is not msgspec.NODEFAULT:
        return f" ({json.dumps(field.default_factory())})"
    return ""


def _meaning(struct: type[Struct]) -> str:
    return re.sub(r"\s+", " ", docstring(struct))


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _keys() -> str:
    return f"{_numbers('Field names', FIELD_KEYS)}\n{_numbers('Types', TYPE_KEYS)}"


def _numbers(heading: str, keys: Mapping[str, int]) -> str:
    lines = [f"{heading}:"]
    items = [f"{number} `{name}`" for name, number in keys.items()]
    for item, end in zip(items, [","] * (len(items) - 1) + ["."], strict=True):
        if len(lines[-1]) + len(item) + 2 > _LINE:
            lines.append("")
        lines[-1] = f"{lines[-1]} {item}{end}".lstrip()
    return "\n".join(lines) + "\n"
