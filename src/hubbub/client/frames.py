"""What the server sends, decoded."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw, Struct

from hubbub.vocabulary import (
    Event,
    Membership,
    Presence,
    ProfileChanged,
    ReadChanged,
    RoomId,
    Seq,
    Signal,
    TypingChanged,
    Welcome,
)

from .requests import ReplyFrame


class Unknown(Struct, frozen=True):
    """Something that this version does not know; of an event, `room` and `seq` still count."""

    type: str = ""
    room: RoomId | None = None
    seq: Seq | None = None


Arrived = Event | TypingChanged | Presence | ReadChanged | Membership | ProfileChanged | Unknown
Inbound = Arrived | Welcome | ReplyFrame

_known: Final[msgspec.json.Decoder[Event | Signal | ReplyFrame]] = msgspec.json.Decoder(Event | Signal | ReplyFrame)
_any: Final = msgspec.json.Decoder(Unknown).decode
_event: Final = msgspec.json.Decoder(Event).decode


def decode(frame: bytes) -> Inbound:
    """One frame's meaning. What is no JSON object at all is an `Unknown` without a type."""
    try:
        return _known.decode(frame)
    except msgspec.MsgspecError:
        pass
    try:
        return _any(frame)
    except msgspec.MsgspecError:
        return Unknown()


def decode_events(raw: list[Raw]) -> list[Event]:
    """The events of a page that this version knows."""
    events = []
    for one in raw:
        try:
            events.append(_event(one))
        except msgspec.ValidationError:
            continue
    return events
