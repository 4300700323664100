"""What one client says and is shown, whatever becomes of its connections: cursors, nonces, and the history of both.

Without input, output or clock: commands come out by `post`, what arrived goes into `receive`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Final

import msgspec
from msgspec import Raw, Struct

from hubbub.client.frames import Inbound, ReplyFrame
from hubbub.vocabulary import Join, Joined, RoomId, Rooms, Send, Sent

from .history import Said, Stretch, View, as_event, entry

_joined: Final = msgspec.json.Decoder(Joined).decode
_sent: Final = msgspec.json.Decoder(Sent).decode


class Conversation:
    """A client's state across its connections. It resumes as docs/protocol.md tells clients to.

    Args:
        again: calls a function after a short while: what the server called retryable is asked again.
        random, repeat_share: which acknowledged messages are sent a second time.

    Attributes:
        views: by room; they grow.
    """

    def __init__(
        self,
        views: list[View],
        again: Callable[[Callable[[], None]], None],
        random: Random,
        repeat_share: float,
    ) -> None:
        self.views = {view.room: view for view in views}
        self._again = again
        self._random = random
        self._repeat_share = repeat_share
        self._unsent: dict[RoomId, deque[Said]] = {view.room: deque() for view in views}
        self._travelling: dict[int, Said] = {}
        self._joining: dict[int, RoomId] = {}
        self._asked: set[int] = set()
        self._live: dict[RoomId, Stretch] = {}
        self._post: Callable[[Struct], None] | None = None
        self._ref = 0

    # the connection

    def connected(self, post: Callable[[Struct], None]) -> None:
        """A connection is there: join every room with its cursor."""
        self._post = post
        for room in self.views:
            self._join(room)

    def interrupted(self) -> None:
        """The connection is gone. What was on its way is sent again by the next one, in the same order."""
        self._post = None
        self._live.clear()
        self._joining.clear()
        self._asked.clear()
        for said in reversed(self._travelling.values()):
            self._unsent[said.room].appendleft(said)
        self._travelling.clear()

    @property
    def ready(self) -> bool:
        """Every room is joined."""
        return len(self._live) == len(self.views)

    @property
    def waits(self) -> bool:
        """Something was asked and not answered."""
        return bool(self._travelling or self._joining or self._asked)

    @property
    def open(self) -> int:
        """Messages without an acknowledgement, or to be repeated."""
        return len(self._travelling) + sum(map(len, self._unsent.values()))

    def ask(self) -> None:
        """Ask for something, to see whether the server answers."""
        if self._post is not None:
            self._ref += 1
            self._asked.add(self._ref)
            self._post(Rooms(ref=self._ref))

    # saying

    def say(self, said: Said) -> None:
        """Send it, now or when its room is joined, until it is acknowledged."""
        self._unsent[said.room].append(said)
        self._flush(said.room)

    def _flush(self, room: RoomId) -> None:
        unsent = self._unsent[room]
        if self._post is None or room not in self._live:
            return
        while unsent:
            said = unsent.popleft()
            said.attempts += 1
            self._ref += 1
            self._travelling[self._ref] = said
            self._post(Send(room, said.text, said.nonce, ref=self._ref))

    def _join(self, room: RoomId) -> None:
        if self._post is None or room in self._live or room in self._joining.values():
            return
        self._ref += 1
        self._joining[self._ref] = room
        self._post(Join(room, self.views[room].cursor, self._ref))

    # hearing

    def receive(self, item: Inbound) -> bool:
        """What a frame meant. Returns whether it was an entry of a room."""
        if isinstance(item, ReplyFrame):
            self._answered(item)
            return False
        event = as_event(item)
        if event is None or (view := self.views.get(event.room)) is None:
            return False
        stretch = self._live.get(event.room)
        if stretch is None:
            view.errors.append("an event came before the reply")
        else:
            stretch.entries.append(entry(event))
        return True

    def _answered(self, reply: ReplyFrame) -> None:
        ref = reply.ref if isinstance(reply.ref, int) else 0
        self._asked.discard(ref)
        if (room := self._joining.pop(ref, None)) is not None:
            self._joined(room, reply)
        elif (said := self._travelling.pop(ref, None)) is not None:
            self._sent(said, reply)

    def _joined(self, room: RoomId, reply: ReplyFrame) -> None:
        view = self.views[room]
        if not isinstance(reply.ok, Raw):
            if reply.error is not None and not reply.error.retryable:
                view.errors.append(reply.error.code)
            self._again(lambda: self._join(room))
            return
        since = view.cursor
        stretch = Stretch(_joined(reply.ok).head if since is None else since)
        view.stretches.append(stretch)
        self._live[room] = stretch
        self._flush(room)

    def _sent(self, said: Said, reply: ReplyFrame) -> None:
        if isinstance(reply.ok, Raw):
            said.acknowledged.append(_sent(reply.ok).seq)
            if len(said.acknowledged) == 1 and self._random.random() < self._repeat_share:
                self.say(said)
        elif reply.error is None or reply.error.retryable:
            self._unsent[said.room].append(said)
            self._again(lambda: self._flush(said.room))
        else:
            said.refused = reply.error.code
