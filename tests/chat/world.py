"""A node to test: the chat over SQLite, with people, a clock and a bus that may be bad."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from hubbub.bus import ALONE, Bus, LocalBus, NodeId, RoomNodeMessage
from hubbub.chat import Actor, Chat, ChatSettings
from hubbub.identity import Identity
from hubbub.realtime import Handshake, Hub, Lane
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import (
    CreateRoom,
    Event,
    Join,
    Joined,
    RoomEntry,
    RoomId,
    Send,
    Sent,
    Seq,
    Signal,
    User,
    UserId,
    UserName,
)

from .client import NATIVE, TestConnection
from .clock import Clock
from .valve import Valve

_numbers = count(1)


class Letterbox(LocalBus):
    """A bus that a test opens: events of rooms wait in `post` while it is `shut`."""

    def __init__(self) -> None:
        super().__init__()
        self.shut = False
        self.post: list[tuple[RoomId, list[Event]]] = []

    def publish(self, room: RoomId, items: Sequence[Event] | Signal | RoomNodeMessage) -> None:
        if self.shut and isinstance(items, Sequence):
            self.post.append((room, list(items)))
        else:
            super().publish(room, items)

    def follows(self, room: str) -> bool:
        return room in self._rooms


class World:
    """One node and the people on it.

    Attributes:
        tokens: names → session tokens.
    """

    def __init__(
        self,
        store: Valve,
        settings: ChatSettings,
        bus: Bus | None = None,
        clock: Clock | None = None,
        node: NodeId = ALONE,
    ) -> None:
        self.store = store
        self.clock = clock or Clock()
        self.settings = settings
        self.bus = bus if bus is not None else Letterbox()
        self.identity = Identity(store, now_ms=self.clock.ms)
        self.hub = Hub(asyncio.get_running_loop())
        self.chat = Chat(
            store,
            self.bus,
            self.identity,
            self.hub,
            settings,
            node=node,
            now_ms=self.clock.ms,
            monotonic=self.clock.seconds,
            call_later=self.clock.call_later,
        )
        self.tokens: dict[str, str] = {}
        self.actors: dict[str, Actor] = {}

    @property
    def letterbox(self) -> Letterbox:
        assert isinstance(self.bus, Letterbox)
        return self.bus

    async def account(self, name: str, *, login: str | None = None) -> Actor:
        """A person with an account and a login, made straight in the store."""
        now_ms = self.clock.ms()
        known = await self.store.accounts.by_name(UserName(name))
        account = known or await self.store.accounts.create(UserName(name), name.title(), "", now_ms)
        number = next(_numbers)
        token = f"{name}-{number}-".ljust(43, "x")[:43]
        made = await self.store.logins.create(
            login or f"login-{number}",
            account.id,
            hashlib.sha256(token.encode()).digest(),
            "test",
            now_ms,
            now_ms + 10_000_000,
        )
        self.tokens[name] = token
        self.actors[name] = Actor(account.id, made.user, made.id)
        return self.actors[name]

    async def connect(self, handshake: Handshake | None = None, lane: Lane = NATIVE) -> TestConnection:
        """A connection with this handshake."""
        connection = TestConnection(self.chat, lane)
        await self.chat.connected(connection, handshake or shake())
        return connection

    async def person(self, name: str, room: str | None = None, since: Seq | None = None) -> TestConnection:
        """Somebody signed in, and in a room if one is named. One login for all connections of a name."""
        if name not in self.tokens:
            await self.account(name)
        connection = await self.connect(shake(authorization=f"Bearer {self.tokens[name]}"))
        if room is not None:
            await connection.ask(Join(RoomId(room), since), Joined)
        return connection

    async def room(self, room: str = "general", by: str = "founder") -> None:
        """A room, created by somebody who is not connected afterwards. Its log has 2 entries."""
        founder = await self.person(by)
        await founder.ask(CreateRoom(RoomId(room), "The room"), RoomEntry)
        founder.leave()

    async def ticks(self, number: int = 10) -> None:
        """Let the event loop do what is ready."""
        for _ in range(number):
            await asyncio.sleep(0)

    def user(self, name: str) -> User:
        return self.actors[name].user

    def user_id(self, name: str) -> UserId:
        return self.actors[name].user_id


async def say(person: TestConnection, *texts: str, room: str = "general") -> list[Sent]:
    """Send messages one after the other without waiting between them; their replies."""
    refs = [person.begin(Send(RoomId(room), text, f"{person.id}-{next(_numbers)}")) for text in texts]
    replies = [await person.answer(ref) for ref in refs]
    return [reply for reply in replies if isinstance(reply, Sent)]


def shake(auth: object = None, **headers: str) -> Handshake:
    """A handshake with these headers."""
    return Handshake("/ws", "", {name.replace("_", "-"): value for name, value in headers.items()}, "", auth=auth)


@asynccontextmanager
async def opened(path: Path, settings: ChatSettings | None = None) -> AsyncIterator[World]:
    """A node of its own with its own database."""
    store = Valve(SqliteStore(path / "hubbub.db"))
    await store.open()
    world = World(store, settings or ChatSettings())
    await world.identity.open()
    await world.chat.open()
    try:
        yield world
    finally:
        await world.chat.close()
        await world.identity.close()
        await store.close()
