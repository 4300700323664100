"""The joined rooms and their cursors: which event is new, which is a repeat, and where one is missing."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from hubbub.vocabulary import RoomId, Seq


class Verdict(Enum):
    """What to do with an arrived event."""

    DELIVER = "deliver"
    DROP = "drop"
    REJOIN = "rejoin"
    """Events before it are missing: join again with the cursor; this one comes again, too."""


class Track:
    """A room that the client is in.

    Attributes:
        cursor: the last `seq` that was delivered; None before the first reply to `join`.
        live: joined on the present connection.
        joining: a `join` is waiting for its reply.
    """

    __slots__ = ("cursor", "joining", "live", "room")

    def __init__(self, room: RoomId) -> None:
        self.room = room
        self.cursor: Seq | None = None
        self.live = False
        self.joining = False

    def event(self, seq: Seq) -> Verdict:
        """Judge an event; the cursor moves when it is delivered."""
        if self.cursor is None or seq <= self.cursor:
            return Verdict.DROP
        if seq == self.cursor + 1:
            self.cursor = seq
            return Verdict.DELIVER
        return Verdict.DROP if self.joining else Verdict.REJOIN


class Tracks:
    """All rooms that the client is in, by id. They outlive connections."""

    def __init__(self) -> None:
        self._tracks: dict[RoomId, Track] = {}

    def __iter__(self) -> Iterator[Track]:
        return iter(tuple(self._tracks.values()))

    def get(self, room: RoomId) -> Track | None:
        return self._tracks.get(room)

    def add(self, room: RoomId) -> Track:
        """The room's track, made when there is none."""
        return self._tracks.setdefault(room, Track(room))

    def remove(self, room: RoomId) -> bool:
        """Forget the room; False when it was not known."""
        return self._tracks.pop(room, None) is not None

    def interrupted(self) -> None:
        """The connection ended: no room is joined until the next one."""
        for track in self._tracks.values():
            track.live = track.joining = False
