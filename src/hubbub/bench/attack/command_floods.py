"""Floods of commands by signed-in users who don't wait for replies."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import chain, count

from hubbub.bench.dialects import STAMP

from .people import PIT
from .script import FEW, Attack, Script, over_and_over
from .sockets import MASKER, command, joined, member, native

_TEXT_BYTES = 16_000
_SENDS_AT_ONCE = 16


def _same(**fields: object) -> Callable[[int, int], Script]:
    """The same command again and again."""
    load = over_and_over(command(**fields, ref=1))

    def script(number: int, connections: int) -> Script:
        return Script(native(number), joined(number), load)

    return script


def _numbered(pieces: int = 200, **fields: object) -> Callable[[int, int], Script]:
    """A command in which each `%019d` is another number each time."""

    def script(number: int, connections: int) -> Script:
        template = MASKER.template(json.dumps({**fields, "ref": 1}).encode())

        def load(seen: bytes) -> Iterator[bytes]:
            for first in count(time.monotonic_ns(), pieces):
                yield b"".join([template.frame(first + n) for n in range(pieces)])

        return Script(native(number), joined(number), load)

    return script


def _in_turn(*commands: bytes) -> Callable[[int, int], Script]:
    load = over_and_over(b"".join(commands))

    def script(number: int, connections: int) -> Script:
        return Script(native(number), joined(number), load)

    return script


def _watched_typing(number: int, connections: int) -> Script:
    """Everybody watches the room in which everybody begins to type and stops."""
    toggle = command(type="typing", room=PIT) + command(type="typing", room=PIT, typing=False)
    begin = command(type="watch", ref=1, room=PIT)
    return Script(native(number), joined(number), lambda seen: chain([begin], over_and_over(toggle)(seen)))


def _one_to_all(number: int, connections: int) -> Script:
    """One says short texts as fast as it can, the others listen."""
    if number:
        return Script(native(number), joined(number))
    return _numbered(type="send", room=PIT, text="x", nonce=STAMP)(number, connections)


def _unread_pages(number: int, connections: int) -> Script:
    load = over_and_over(command(type="history", ref=1, room=PIT, limit=200))
    return Script(native(number), joined(number), load, reads=False)


def big_sends(number: int) -> Iterator[bytes]:
    """Messages of 16 KB to the pit, each a new one."""
    send = {
        "type": "send",
        "ref": 1,
        "room": PIT,
        "nonce": f"{STAMP}-{member(number).index}",
        "text": "x" * _TEXT_BYTES,
    }
    template = MASKER.template(json.dumps(send).encode())
    for first in count(time.monotonic_ns(), _SENDS_AT_ONCE):  # new ones after a cut, too
        yield b"".join([template.frame(first + n) for n in range(_SENDS_AT_ONCE)])


def _big_sends(number: int, connections: int) -> Script:
    return Script(native(number), joined(number), lambda seen: big_sends(number))


COMMAND_FLOODS = (
    Attack("join", "join", _same(type="join", room=PIT)),
    Attack("members", "members", _same(type="members", room=PIT, limit=200)),
    Attack("history", "history", _same(type="history", room=PIT, limit=200)),
    Attack("directory", "directory", _same(type="directory", limit=200)),
    Attack("sends", "16 KB sends without waiting", _big_sends),
    Attack(
        "small-sends",
        "1-byte sends without waiting",
        _numbered(type="send", room=PIT, text="x", nonce=STAMP),
        connections=FEW,
    ),
    Attack("one-to-all", "one sends, 299 listen", _one_to_all, connections=(300,)),
    Attack("create-rooms", "rooms created", _numbered(type="create_room", room=f"r{STAMP}"), connections=FEW),
    Attack(
        "leave-join",
        "leave and join",
        _in_turn(command(type="leave", ref=1, room=PIT), command(type="join", ref=2, room=PIT)),
        connections=FEW,
    ),
    Attack("rejoin", "join from the beginning", _same(type="join", room=PIT, since=1), connections=FEW),
    Attack(
        "watch",
        "watch and unwatch",
        _in_turn(command(type="watch", ref=1, room=PIT), command(type="watch", ref=2, room=None)),
        connections=FEW,
    ),
    Attack("read", "read marks", _same(type="read", room=PIT, seq=3), connections=FEW),
    Attack("rooms", "rooms", _same(type="rooms"), connections=FEW),
    Attack("watched-typing", "typing on and off, all watch", _watched_typing, connections=FEW),
    Attack("unread-pages", "history, replies not read", _unread_pages, connections=FEW),
)
