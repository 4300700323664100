"""`hubbub` of a later version, which knows polls: `python -m tests.support.serve_later_version serve …`.

After every third message that it stores in PostgreSQL, the account `admin` opens a poll. It tells other nodes of it in
one batch with the messages; beside them it says a node message and a signal that they do not know either.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import asyncpg
import msgspec

import hubbub.bus.redis
import hubbub.store.postgres
from hubbub.bus import RoomNodeMessage
from hubbub.bus.redis import RedisBus, envelope
from hubbub.cli import main
from hubbub.store import Appended, Refused
from hubbub.store.postgres import PostgresStore
from hubbub.vocabulary import Event, RoomId, Signal, UnknownEvent, UserName
from hubbub.vocabulary.declaration import EventBase
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS

from .later import plant_in_postgres

EVERY: Final = 3
ADMIN: Final = UserName("admin")
NUMBERS: Final = {"question": 120, "options": 121, "class": 122}
"""Its names on the compact wire."""


class PollOpened(EventBase, frozen=True, tag="poll_opened", rename={"closed": "class"}):
    """What this version has added."""

    title: str
    question: str
    options: list[dict[str, Any]]
    closed: bool


def known(event: Event) -> Event:
    """What is read from the store, as this version knows it."""
    if not isinstance(event, UnknownEvent) or event.type != "poll_opened":
        return event
    poll: Any = msgspec.convert(msgspec.to_builtins(event), PollOpened)
    return poll  # type: ignore[no-any-return]  # of this version's union


class LaterEvents:
    """The log, with polls in it. `opened`: those that are stored and not published yet."""

    opened: Final[defaultdict[RoomId, list[Event]]] = defaultdict(list)

    def __init__(self, events: Any, dsn: str) -> None:
        self._events = events
        self._dsn = dsn
        self._connection: asyncpg.Connection[Any] | None = None
        self._alone = asyncio.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._events, name)

    async def append(self, drafts: Sequence[Any]) -> list[Appended | Refused]:
        outcomes: list[Appended | Refused] = await self._events.append(drafts)
        for draft, outcome in zip(drafts, outcomes, strict=True):
            if isinstance(outcome, Appended) and not outcome.repeat and outcome.seq % EVERY == 0:
                await self._open_poll(draft.room)
        return outcomes

    async def after(self, *asked: Any) -> list[Event]:
        return [known(event) for event in await self._events.after(*asked)]

    async def before(self, *asked: Any) -> list[Event]:
        return [known(event) for event in await self._events.before(*asked)]

    async def _open_poll(self, room: RoomId) -> None:
        ts = time.time_ns() // 1_000_000
        async with self._alone:
            if self._connection is None:
                self._connection = await asyncpg.connect(self._dsn)
            seq = await plant_in_postgres(self._connection, room, ADMIN, ts)
        [poll] = await self.after(room, seq - 1, 1)
        assert isinstance(poll, PollOpened)
        self.opened[room].append(poll)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


class LaterStore(PostgresStore):
    """A PostgreSQL of this version."""

    def __init__(self, dsn: str, *rest: Any) -> None:
        super().__init__(dsn, *rest)
        self._dsn = dsn
        self._later: LaterEvents | None = None

    @property
    def events(self) -> Any:
        if self._later is None:
            self._later = LaterEvents(super().events, self._dsn)
        return self._later

    async def close(self) -> None:
        later, self._later = self._later, None
        if later is not None:
            await later.close()
        await super().close()


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
    FIELD_KEYS.update(NUMBERS)
    TYPE_KEYS["poll_opened"] = 120
    vars(hubbub.store.postgres)["PostgresStore"] = LaterStore
    vars(hubbub.bus.redis)["RedisBus"] = LaterBus
    main()
