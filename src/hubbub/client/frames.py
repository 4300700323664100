"""What the server sends, decoded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct

from hubbub.vocabulary import (
    Event,
    Membership,
    Presence,
    ProfileChanged,
    ReadChanged,
    Signal,
    TypingChanged,
    UnknownEvent,
    Welcome,
)
from hubbub.wire.rejection import UNDECODABLE

from .failures import BadAnswer
from .requests import ReplyFrame


class Unknown(Struct, frozen=True):
    """What is not known to this version and has no place in a log."""

    type: str = ""


Arrived = Event | TypingChanged | Presence | ReadChanged | Membership | ProfileChanged | Unknown
Inbound = Arrived | Welcome | ReplyFrame

_known: Final[msgspec.json.Decoder[Event | Signal | ReplyFrame]] = msgspec.json.Decoder(Event | Signal | ReplyFrame)
_object: Final = msgspec.json.Decoder(dict[str, Any]).decode
_event: Final[Callable[[bytes], Event]] = msgspec.json.Decoder(Event).decode


def decode(frame: bytes) -> Inbound:
    """One frame's meaning. What is no JSON object at all is an `Unknown` without a type."""
    try:
        return _known.decode(frame)
    except UNDECODABLE:
        pass
    try:
        return unknown(_object(frame))
    except UNDECODABLE:
        return Unknown()


def unknown(named: dict[str, Any]) -> UnknownEvent | Unknown:
    """A decoded object that is nothing of this version: an event if it has an event's place in a room's log."""
    try:
        return UnknownEvent.read(named)
    except msgspec.ValidationError:
        kind = named.get("type")
        return Unknown(kind if isinstance(kind, str) else "")


def decode_events(raw: list[Raw]) -> list[Event]:
    """The events of a page. Of a kind that this version does not know they are `UnknownEvent`.

    Raises:
        BadAnswer: one of them has no place in a log.
    """
    return [_event_in(bytes(one)) for one in raw]


def _event_in(raw: bytes) -> Event:
    try:
        return _event(raw)
    except UNDECODABLE:
        pass
    try:
        return UnknownEvent.read(_object(raw))
    except UNDECODABLE:
        raise BadAnswer from None
