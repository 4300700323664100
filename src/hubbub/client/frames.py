"""What the server sends, decoded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Raw, Struct, UnsetType

from hubbub.errors import ErrorBody
from hubbub.vocabulary import (
    Event,
    EventPage,
    Membership,
    Presence,
    ProfileChanged,
    ReadChanged,
    Seq,
    Signal,
    SubscribedAtOnce,
    TypingChanged,
    UnknownEvent,
    Welcome,
)
from hubbub.wire.rejection import UNDECODABLE

from .failures import BadAnswer

R = TypeVar("R", bound=Struct)


class ReplyFrame(Struct, frozen=True, tag_field="type", tag="reply"):
    """The answer to a command, its `ok` still undecoded."""

    ref: int | str | None = None
    ok: Raw | UnsetType = msgspec.UNSET
    error: ErrorBody | None = None


class Unknown(Struct, frozen=True):
    """What is not known to this version and has no place in a log."""

    type: str = ""


Arrived = Event | SubscribedAtOnce | TypingChanged | Presence | ReadChanged | Membership | ProfileChanged | Unknown
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


class _Page(Struct, frozen=True):
    """An `EventPage` whose events may be of kinds that this version does not know."""

    events: list[Raw]
    more: bool
    head: Seq


def decode_reply(kind: type[R], ok: bytes) -> R:
    """What stands under `ok`. Events of a kind that this version does not know are `UnknownEvent`.

    Raises:
        msgspec.MsgspecError: it is no such reply.
        BadAnswer: an event has no place in a log.
    """
    if kind is not EventPage:
        return msgspec.json.decode(ok, type=kind)
    page = msgspec.json.decode(ok, type=_Page)
    found: Any = EventPage([_event_in(bytes(one)) for one in page.events], page.more, page.head)
    return cast("R", found)


def _event_in(raw: bytes) -> Event:
    try:
        return _event(raw)
    except UNDECODABLE:
        pass
    try:
        return UnknownEvent.read(_object(raw))
    except UNDECODABLE:
        raise BadAnswer from None
