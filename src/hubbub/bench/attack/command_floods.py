"""Floods of commands by signed-in users who don't wait for replies."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import count

from hubbub.bench.dialects import STAMP

from .people import PIT
from .script import Attack, Script, over_and_over
from .sockets import MASKER, command, joined, member, native

_TEXT_BYTES = 16_000
_SENDS_AT_ONCE = 16


def _same(**fields: object) -> Callable[[int, int], Script]:
    """The same command again and again."""
    load = over_and_over(command(**fields, ref=1))

    def script(number: int, connections: int) -> Script:
        return Script(native(number), joined(number), load)

    return script


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
    return Script(native(number), joined(number), lambda: big_sends(number))


COMMAND_FLOODS = (
    Attack("join", "join", _same(type="join", room=PIT)),
    Attack("members", "members", _same(type="members", room=PIT, limit=200)),
    Attack("history", "history", _same(type="history", room=PIT, limit=200)),
    Attack("directory", "directory", _same(type="directory", limit=200)),
    Attack("sends", "16 KB sends without waiting", _big_sends),
)
