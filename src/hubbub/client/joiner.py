"""Keeps the rooms joined: after each reconnect, and when an event is missing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hubbub.errors import CursorAhead, HubbubError
from hubbub.vocabulary import Join, Joined, RoomId, Seq

from .failures import Closed, ConnectionLost
from .requests import Ask
from .rooms import Track, Tracks
from .stream import Reset, RoomLost


class Joiner:
    """Joins with the cursor of each room, so that the server replays what is missing.

    Args:
        live: the room is joined on the present connection.
        notice: a room's log was replaced, or the room was lost for good.
        delay_seconds: before the attempt after this many that the server could not serve.
    """

    def __init__(
        self,
        tracks: Tracks,
        ask: Ask,
        live: Callable[[RoomId], None],
        notice: Callable[[Reset | RoomLost], None],
        delay_seconds: Callable[[int], float],
    ) -> None:
        self._tracks = tracks
        self._ask = ask
        self._live = live
        self._notice = notice
        self._delay_seconds = delay_seconds

    def resume(self) -> None:
        """A connection is there: join every room."""
        for track in self._tracks:
            self.rejoin(track)

    def joined(self, room: RoomId, since: Seq | None, joined: Joined) -> None:
        """The user's own `join` succeeded: from now on the room is kept joined."""
        track = self._tracks.add(room)
        track.cursor = joined.head if since is None else since
        self._is_live(track)

    def rejoin(self, track: Track, attempt: int = 0) -> None:
        """Join with the cursor of the room."""
        if track.joining or self._tracks.get(track.room) is not track:
            return
        track.joining = True
        self._ask(Join(track.room, track.cursor), lambda outcome: self._settled(track, attempt, outcome))

    def _settled(self, track: Track, attempt: int, outcome: Joined | HubbubError) -> None:
        track.joining = False
        if self._tracks.get(track.room) is not track:
            return
        match outcome:
            case Joined():
                if track.cursor is None:
                    track.cursor = outcome.head
                    self._notice(Reset(track.room, outcome.head))
                self._is_live(track)
            case ConnectionLost() | Closed():
                pass  # the next connection joins again
            case CursorAhead():
                track.cursor = None
                self.rejoin(track, attempt)
            case HubbubError(retryable=True):
                delay = max(self._delay_seconds(attempt), outcome.retry_after_seconds or 0)
                asyncio.get_running_loop().call_later(delay, self.rejoin, track, attempt + 1)
            case _:
                self._tracks.remove(track.room)
                self._notice(RoomLost(track.room, outcome))

    def _is_live(self, track: Track) -> None:
        track.live = True
        self._live(track.room)
