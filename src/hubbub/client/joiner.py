"""Keeps the rooms joined: after each reconnect, and when an event is missing.

It comes back by `subscribe`, all rooms together, which makes nobody a member: what was left elsewhere stays left.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final

from hubbub.errors import CursorAhead, HubbubError, UnknownCommand
from hubbub.vocabulary import Join, Joined, RoomCursor, RoomId, RoomOutcome, Seq, Subscribe, Subscribed

from .failures import BadAnswer, Closed, ConnectionLost, remote_error
from .requests import Ask
from .rooms import Track, Tracks
from .stream import Reset, RoomLost

_ROOMS_A_COMMAND: Final = 200
"""Less than a server takes, so that the frame stays far below its limit however long the rooms' ids are."""


class Joiner:
    """Subscribes with the cursor of each room, so that the server replays what is missing.

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
        """A connection is there: subscribe to every room."""
        self._subscribe(self._tracks)

    def joined(self, room: RoomId, since: Seq | None, joined: Joined) -> None:
        """The user's own `join` succeeded: from now on the room is kept joined."""
        track = self._tracks.add(room)
        track.cursor = joined.head if since is None else since
        self._is_live(track)

    def rejoin(self, track: Track) -> None:
        """Subscribe with the cursor of the room."""
        self._subscribe([track])

    def _subscribe(self, tracks: Iterable[Track], attempt: int = 0) -> None:
        waiting = (track for track in tracks if not track.joining and self._tracks.get(track.room) is track)
        while some := list(islice(waiting, _ROOMS_A_COMMAND)):
            self._ask_for(some, attempt)

    def _ask_for(self, tracks: list[Track], attempt: int) -> None:
        for track in tracks:
            track.joining = True
        command = Subscribe([RoomCursor(track.room, track.cursor) for track in tracks])
        self._ask(command, lambda outcome: self._answered(tracks, attempt, outcome))

    def _answered(self, tracks: list[Track], attempt: int, answer: Subscribed | HubbubError) -> None:
        if isinstance(answer, UnknownCommand):  # a server of version 0.1
            for track in tracks:
                self._join(track, attempt)
            return
        found = {} if isinstance(answer, HubbubError) else {one.room: one for one in answer.rooms}
        failure = answer if isinstance(answer, HubbubError) else BadAnswer()
        self._settle({track: _result(found.get(track.room), failure) for track in tracks}, attempt)

    def _join(self, track: Track, attempt: int) -> None:
        def settle(outcome: Joined | HubbubError) -> None:
            self._settle({track: outcome if isinstance(outcome, HubbubError) else outcome.head}, attempt)

        self._ask(Join(track.room, track.cursor), settle)

    def _settle(self, results: dict[Track, Seq | HubbubError], attempt: int) -> None:
        """What became of each room: its head, or why not."""
        later: list[Track] = []
        delay = self._delay_seconds(attempt)
        for track, result in results.items():
            track.joining = False
            if self._tracks.get(track.room) is not track:
                continue
            match result:
                case ConnectionLost() | Closed():
                    pass  # the next connection subscribes again
                case CursorAhead():
                    track.cursor = None
                    self._subscribe([track], attempt)
                case HubbubError(retryable=True):
                    later.append(track)
                    delay = max(delay, result.retry_after_seconds or 0)
                case HubbubError():
                    self._tracks.remove(track.room)
                    self._notice(RoomLost(track.room, result))
                case head:
                    if track.cursor is None:
                        track.cursor = head
                        self._notice(Reset(track.room, head))
                    self._is_live(track)
        if later:
            asyncio.get_running_loop().call_later(delay, self._subscribe, later, attempt + 1)

    def _is_live(self, track: Track) -> None:
        track.live = True
        self._live(track.room)


def _result(outcome: RoomOutcome | None, failure: HubbubError) -> Seq | HubbubError:
    """`failure`: of a room without an outcome."""
    if outcome is None:
        return failure
    return outcome.head if outcome.error is None else remote_error(outcome.error)
