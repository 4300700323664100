"""The clients of version 0.1 skip what has come since, and stay in order.

The Python one is as it was. The TypeScript one is as it was once it let unknown events pass, which it did not at first.
"""

from __future__ import annotations

import asyncio
import base64
import json
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from hubbub.realtime import Outgoing
from hubbub.realtime.protocols.codec import JsonWire, MessagePackWire, NativeWire
from hubbub.vocabulary import Command, Event, EventPage, Message, RoomId, Signal, UnknownEvent, UserName
from hubbub.vocabulary.declaration import declared
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS
from tests.fixtures import client_0_1
from tests.support.later import POLL

ROOM = RoomId("general")
OLD_TYPES = {"room_created", "member_joined", "member_left", "message"}
WIRES: dict[str, NativeWire] = {"json": JsonWire(Command), "msgpack": MessagePackWire(Command, FIELD_KEYS, TYPE_KEYS)}


def log() -> list[Event]:
    """Each kind of event of today, one of a later version, and one that can't be read; a plain message after each."""
    kinds: list[Any] = [declared(kind).example for kind in get_args(Event)]
    events: list[Any] = []
    for made in (*(kind() for kind in kinds), UnknownEvent.of(ROOM, 0, UserName("ada"), 0, POLL)):
        events.append(made)
        events.append(Message(ROOM, 0, UserName("bob"), 0, f"after {made.__struct_config__.tag}"))
    return [msgspec.structs.replace(event, room=ROOM, seq=seq, ts=seq) for seq, event in enumerate(events, 1)]


def frames(wire: str) -> Iterator[str | bytes]:
    """The log as the server sends it, with every signal of today between the events."""
    codec = WIRES[wire]
    signals: list[Any] = [declared(kind).example for kind in get_args(Signal)]
    for event in log():
        for body in (event, *(signal() for signal in signals)):
            data = codec.encode(Outgoing(body))
            yield data.decode() if wire == "json" else data


EXPECTED = [
    [event.seq, event.__struct_config__.tag, getattr(event, "text", "")]
    for event in log()
    if event.__struct_config__.tag in OLD_TYPES
]


@pytest.mark.parametrize("wire", sorted(WIRES))
def test_the_python_client_skips_and_stays_in_order(wire: str) -> None:
    track = client_0_1.Track(ROOM)
    for frame in frames(wire):
        track.hear(client_0_1.decode(frame))
    assert track.rejoins == 0
    assert track.cursor == len(log())
    given = [[event.seq, event.__struct_config__.tag, getattr(event, "text", "")] for event in track.given]
    assert given == EXPECTED


@pytest.mark.parametrize("wire", sorted(WIRES))
def test_the_python_client_reads_a_page_with_new_kinds_and_fields(wire: str) -> None:
    reply = WIRES[wire].encode_reply(7, EventPage(events=log(), more=False, head=len(log())))
    found = client_0_1.decode(reply.decode() if wire == "json" else reply)
    assert isinstance(found, client_0_1.ReplyFrame)
    assert found.ref == 7
    assert isinstance(found.ok, msgspec.Raw)
    events = msgspec.json.decode(found.ok)["events"]
    assert [event["seq"] for event in events] == list(range(1, len(log()) + 1))


@pytest.mark.parametrize("wire", sorted(WIRES))
async def test_the_typescript_client_skips_and_stays_in_order(wire: str) -> None:
    program = Path(client_0_1.__file__).with_suffix(".mjs")
    process = await asyncio.create_subprocess_exec("node", str(program), stdin=PIPE, stdout=PIPE)
    lines = [
        "t" + frame if isinstance(frame, str) else "b" + base64.b64encode(frame).decode() for frame in frames(wire)
    ]
    out, _ = await process.communicate("".join(line + "\n" for line in lines).encode())
    assert process.returncode == 0
    said = [json.loads(line) for line in out.splitlines()]
    assert "hole" not in said
    assert [seq for seq, _, _ in said] == list(range(1, len(log()) + 1))
    assert [one for one in said if one[1] != "unknown"] == EXPECTED
