"""What a client is doing, for a state line: connecting, connected, reconnecting, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from hubbub.errors import HubbubError
from hubbub.vocabulary import User

from .transport_choice import Setback


class Phase(StrEnum):
    IDLE = "idle"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    CLOSED = "closed"
    """It will not come back by itself."""


class State(Struct, frozen=True):
    """One moment of a client.

    Attributes:
        transport: how the connection is made: "websocket", "sse" or "polling"; None while not connected.
        fallback: why it is made so and not better, one entry for each better transport that was tried; empty: there
            is none better.
        wire, user, session: of the connection, as the server named them; None while not connected.
        attempt: failed or lost connections in a row; 0 while connected.
        retry_seconds: the delay before the next attempt, None when none is waited for.
        error: why the last connection ended, None while connected.
        sending: messages and changes that the server has not acknowledged.
    """

    phase: Phase = Phase.IDLE
    transport: str | None = None
    fallback: tuple[Setback, ...] = ()
    wire: str | None = None
    user: User | None = None
    session: str | None = None
    attempt: int = 0
    retry_seconds: float | None = None
    error: HubbubError | None = None
    sending: int = 0


class Observable:
    """The current state, with observers that are called after each change, on the event loop."""

    def __init__(self) -> None:
        self.value = State()
        self._observers: list[Callable[[State], None]] = []

    def observe(self, observer: Callable[[State], None]) -> Callable[[], None]:
        """Call `observer` with every later state. Returns what ends that."""
        self._observers.append(observer)

        def end() -> None:
            if observer in self._observers:
                self._observers.remove(observer)

        return end

    def change(self, **changes: Any) -> None:
        """Set some attributes; nothing happens when they have these values."""
        value = msgspec.structs.replace(self.value, **changes)
        if value == self.value:
            return
        self.value = value
        for observer in tuple(self._observers):
            observer(value)

    async def until(self, wanted: Callable[[State], bool]) -> State:
        """Wait for a state that satisfies `wanted`; the present one counts."""
        if wanted(self.value):
            return self.value
        future: asyncio.Future[State] = asyncio.get_running_loop().create_future()

        def look(state: State) -> None:
            if not future.done() and wanted(state):
                future.set_result(state)

        end = self.observe(look)
        try:
            return await future
        finally:
            end()
