"""Where a connection is in all its rooms, as one short text, and how to go on from there.

An event stream's `id` carries it, so that a browser's plain EventSource, which comes back with `Last-Event-ID` by
itself, resumes without a line of script: `general:45,random:7`.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final
from urllib.parse import parse_qs

from hubbub.chat.connection_state import ConnectionState
from hubbub.vocabulary import Join, RoomId, Seq

_ROOMS: Final = 100
"""Rooms that one URL or position may name; a client with more joins them by commands."""

_ENTRY: Final = re.compile(r"([a-z0-9][a-z0-9_-]{0,63}):(0|[1-9]\d{0,15})")


class Follow(Join, frozen=True):
    """A `join` that makes nobody a member: it stands behind a GET, which any page can make a browser do."""


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

    Their `ref` is the room, so that the stream begins with how each went.
    """
    since = _cursors(last_event_id)
    asked = parse_qs(query).get("join", [])[:_ROOMS]
    rooms = dict.fromkeys([*map(RoomId, asked), *since])
    return [Follow(room=room, since=since.get(room), ref=room) for room in rooms]


def _cursors(text: str) -> dict[RoomId, Seq]:
    """What `position` wrote; anything else is ignored."""
    found: dict[RoomId, Seq] = {}
    for entry in text.split(",")[:_ROOMS]:
        match = _ENTRY.fullmatch(entry)
        if match is not None:
            found[RoomId(match[1])] = int(match[2])
    return found
