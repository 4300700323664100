"""A store whose calls a test can hold back, fail or answer wrongly. Everything else goes to the real one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from hubbub.store.protocols import (
    AccountStore,
    Appended,
    Draft,
    EventStore,
    LoginStore,
    Refused,
    RoomStore,
    Store,
)
from hubbub.store.records import Records
from hubbub.vocabulary import Message


class Valve:
    """Wraps a store. Calls are named `rooms.head`, `events.append`, …"""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, asyncio.Event] = {}
        self._errors: dict[str, Exception] = {}
        self._edits: dict[str, Callable[[Any], Any]] = {}
        self._arrived: dict[str, asyncio.Event] = {}
        self.calls: list[str] = []
        self.groups: list[list[Draft]] = []

    def hold(self, name: str) -> None:
        """Keep the answers of these calls back: what they do is done, but nobody is told."""
        self._held[name] = asyncio.Event()
        self._arrived[name] = asyncio.Event()

    async def reached(self, name: str) -> None:
        """Wait until a call that is held back has been done."""
        await self._arrived[name].wait()

    def release(self, name: str) -> None:
        self._held.pop(name).set()

    def fail(self, name: str, error: Exception) -> None:
        """These calls raise, and nothing of them happens."""
        self._errors[name] = error

    def edit(self, name: str, change: Callable[[Any], Any]) -> None:
        """These calls' answers are changed."""
        self._edits[name] = change

    def repair(self, name: str) -> None:
        self._errors.pop(name, None)
        self._edits.pop(name, None)

    async def call(self, name: str, make: Callable[[], Any]) -> Any:
        self.calls.append(name)
        if (error := self._errors.get(name)) is not None:
            raise error
        answer = await make()
        if (held := self._held.get(name)) is not None:
            self._arrived[name].set()
            await held.wait()
        edit = self._edits.get(name)
        return answer if edit is None else edit(answer)

    @property
    def accounts(self) -> AccountStore:
        return self._store.accounts

    @property
    def logins(self) -> LoginStore:
        return _Part(self, "logins", self._store.logins)

    @property
    def records(self) -> Records:
        return self._store.records

    @property
    def rooms(self) -> RoomStore:
        return _Part(self, "rooms", self._store.rooms)

    @property
    def events(self) -> EventStore:
        return _Events(self, "events", self._store.events)

    async def open(self) -> None:
        await self._store.open()

    async def close(self) -> None:
        await self._store.close()

    async def lineage(self) -> int:
        lineage: int = await self.call("lineage", self._store.lineage)
        return lineage

    async def ping(self) -> None:
        await self._store.ping()


class _Part:
    def __init__(self, valve: Valve, name: str, part: object) -> None:
        self._valve = valve
        self._name = name
        self._part = part

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._part, name)
        return lambda *args: self._valve.call(f"{self._name}.{name}", lambda: method(*args))


class _Events(_Part):
    async def append(self, drafts: Sequence[Draft], now_ms: int) -> list[Appended | Refused]:
        if all(isinstance(draft.event, Message) for draft in drafts):
            self._valve.groups.append(list(drafts))
        outcomes: list[Appended | Refused] = await self.__getattr__("append")(drafts, now_ms)
        return outcomes
