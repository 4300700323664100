"""Where a connection is in all its rooms, as one short text, and how to go on from there.

An event stream's `id` carries it, so that a browser's plain EventSource, which comes back with `Last-Event-ID` by
itself, resumes without a line of script: `general:45,random:7`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from hubbub.chat.connection_state import ConnectionState
from hubbub.errors import BadField
from hubbub.realtime import Handshake
from hubbub.vocabulary import SUBSCRIPTIONS_MAX, Join, RoomCursor, RoomId, Seq, Subscribe
from hubbub.vocabulary.subscriptions import RoomCursors

_ROOMS: Final = 100
"""Rooms that one URL or position may name; a client with more joins them by commands."""

_ENTRY: Final = re.compile(r"([a-z0-9][a-z0-9_-]{0,63}):(0|[1-9]\d{0,14})")
_NAMED: Final = re.compile(r"([a-z0-9][a-z0-9_-]{0,63})(?::(0|[1-9]\d{0,14}))?")


class Follow(Join, frozen=True):
    """A `join` that makes nobody a member: it stands behind a GET, which any page can make a browser do."""


class Return(Subscribe, frozen=True):
    """A `subscribe` that came with the handshake. It is answered by the signal `subscribed`, on every wire."""


def position(state: ConnectionState | None) -> str:
    """The cursors of a connection that has been handed everything its feeds have published.

    Empty while it has none yet, or while its joins are under way: a position without all its rooms would forget the
    others' cursors.
    """
    entries: list[str] = []
    if state is None or state.waiting is not None:
        return ""
    for feed in islice(state.joined, _ROOMS):
        gap = state.gap(feed)
        entries.append(f"{feed.room}:{feed.head if gap is None else gap.cursor}")
    return ",".join(entries)


def commands(query: str, last_event_id: str) -> list[Follow]:
    """What a stream's URL (`?join=general&join=random`) and its last position ask for, of rooms that I am a member of.

    Their `ref` is the room, so that the stream begins with how each went. A URL with `subscribe` is read by
    `subscription`, which knows the position, too.
    """
    since = _cursors(last_event_id)
    values = parse_qs(query)
    asked = values.get("join", [])[:_ROOMS]
    rooms = dict.fromkeys([*map(RoomId, asked), *([] if "subscribe" in values else since)])
    return [Follow(room=room, since=since.get(room), ref=room) for room in rooms]


def subscription(handshake: Handshake) -> Return | None:
    """The rooms that a handshake names, with their cursors; None: it names none.

    In the URL `subscribe=general:45,random`, where an event stream's last position, which is newer, comes before; in
    Socket.IO's `auth` payload `{rooms: [{room, since}]}`.

    Raises:
        BadField: it is no such list, or one of more than 1,000 rooms.
    """
    rooms = [*_in_url(handshake), *_in_payload(handshake.auth)]
    if len(rooms) > SUBSCRIPTIONS_MAX:
        raise BadField(f"More than {SUBSCRIPTIONS_MAX:,} rooms are named.")
    return Return(rooms) if rooms else None


def _in_url(handshake: Handshake) -> Iterator[RoomCursor]:
    if "subscribe=" not in handshake.query:
        return
    since = _cursors(handshake.headers.get("last-event-id", ""))
    for value in parse_qs(handshake.query).get("subscribe", []):
        for entry in value.split(","):
            match = _NAMED.fullmatch(entry)
            if match is None:
                raise BadField("The parameter 'subscribe' must be a list of rooms: general:45,random")
            room = RoomId(match[1])
            yield RoomCursor(room, since.get(room, None if match[2] is None else int(match[2])))


def _in_payload(auth: Any) -> list[RoomCursor]:
    if not isinstance(auth, dict) or "rooms" not in auth:
        return []
    try:
        return msgspec.convert(auth["rooms"], RoomCursors)
    except msgspec.ValidationError:
        raise BadField("The field 'rooms' must be a list of at most 1,000 rooms.") from None


def _cursors(text: str) -> dict[RoomId, Seq]:
    """What `position` wrote; anything else is ignored."""
    found: dict[RoomId, Seq] = {}
    for entry in text.split(",")[:_ROOMS]:
        match = _ENTRY.fullmatch(entry)
        if match is not None:
            found[RoomId(match[1])] = int(match[2])
    return found
