"""`hubbub` of a later version, which knows polls: `python -m tests.support.serve_later_version serve …`.

Who says every third message of a room opens a poll with it. Other nodes are told of it in one batch with the messages;
beside them this one says a node message and a signal that they do not know either.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import hubbub.bus.redis
import hubbub.store.postgres
from hubbub.bus import RoomNodeMessage
from hubbub.bus.redis import RedisBus, envelope
from hubbub.cli import main
from hubbub.store import Appended, Draft, Refused, codec
from hubbub.store.postgres import PostgresStore
from hubbub.vocabulary import Event, RoomId, Signal
from hubbub.vocabulary.declaration import EventBase
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS

from .later import KIND, POLL

EVERY: Final = 3
NUMBERS: Final = {"question": 120, "options": 121}
"""Its names on the compact wire."""


class PollOpened(EventBase, frozen=True, tag="poll_opened"):
    """What this version has added."""

    title: str
    question: str
    options: list[dict[str, Any]]


def poll_with(message: Event) -> Any:
    """Not of the union of events that this test's types know."""
    return PollOpened(message.room, 0, message.sender, 0, POLL["title"], POLL["question"], POLL["options"])


class LaterEvents:
    """The log, with polls in it. `opened`: those that are stored and not published yet."""

    opened: Final[defaultdict[RoomId, list[Event]]] = defaultdict(list)

    def __init__(self, events: Any) -> None:
        self._events = events

    def __getattr__(self, name: str) -> Any:
        return getattr(self._events, name)

    async def append(self, drafts: Sequence[Draft], now_ms: int) -> list[Appended | Refused]:
        outcomes: list[Appended | Refused] = await self._events.append(drafts, now_ms)
        polls = [
            Draft(poll_with(draft.event), draft.sender_id)
            for draft, outcome in zip(drafts, outcomes, strict=True)
            if draft.nonce is not None
            and isinstance(outcome, Appended)
            and not outcome.repeat
            and outcome.seq % EVERY == 0
        ]
        if polls:
            for poll, outcome in zip(polls, await self._events.append(polls, now_ms), strict=True):
                assert isinstance(outcome, Appended), outcome
                self.opened[poll.event.room].append(codec.placed(poll.event, outcome.seq, outcome.ts))
        return outcomes


class LaterStore(PostgresStore):
    """A PostgreSQL of this version."""

    @property
    def events(self) -> Any:
        return LaterEvents(super().events)


class LaterBus(RedisBus):
    """A bus of this version."""

    def publish(self, room: RoomId, items: Sequence[Event] | Signal | RoomNodeMessage) -> None:
        if isinstance(items, Sequence):
            polls = LaterEvents.opened.pop(room, [])
            if polls:
                self._send(self._channels.nodes, envelope.MESSAGE, {"note": "poll_noted", "room": room})
                self._send(self._channels.of(room)[1], envelope.SIGNAL, {"type": "waving", "room": room})
            items = sorted([*items, *polls], key=lambda event: event.seq)
        super().publish(room, items)


if __name__ == "__main__":
    vars(codec)["KINDS"][KIND] = PollOpened
    vars(codec)["_NUMBERS"][PollOpened] = KIND
    FIELD_KEYS.update(NUMBERS)
    TYPE_KEYS["poll_opened"] = 120
    vars(hubbub.store.postgres)["PostgresStore"] = LaterStore
    vars(hubbub.bus.redis)["RedisBus"] = LaterBus
    main()
