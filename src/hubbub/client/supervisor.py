"""Keeps one connection open: connects, waits with backoff after a loss, gives up when the server says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from hubbub.errors import HubbubError, Unauthenticated

from .backoff import Backoff
from .connection import Connection, Ending, Refused
from .failures import ConnectionLost
from .state import Observable, Phase

Token = str | Callable[[], str | Awaitable[str | None] | None]


class Owner(Protocol):
    """Who uses the connection. Called on the event loop; must not block."""

    def received(self, connection: Connection, frame: bytes) -> None: ...

    def lost(self, *, again: bool) -> None:
        """The connection ended. Called once for each; `again`: there will be another attempt."""
        ...

    def refusal(self) -> HubbubError | None:
        """What the server said before it closed an unwelcome connection."""
        ...

    def gave_up(self, error: HubbubError) -> None:
        """There will be no further attempt."""
        ...


class Supervisor:
    """Run `run` as a task.

    Args:
        dial: makes a connection with a token; raises Refused.
        stable_seconds: a connection that lasted so long starts the backoff anew.
    """

    def __init__(
        self,
        owner: Owner,
        state: Observable,
        dial: Callable[[str], Awaitable[Connection]],
        token: Token | None,
        backoff: Backoff,
        random: Callable[[], float],
        *,
        stable_seconds: float,
    ) -> None:
        self._owner = owner
        self._state = state
        self._dial = dial
        self._token = token
        self._backoff = backoff
        self._random = random
        self._stable_seconds = stable_seconds
        self._hurry = asyncio.Event()
        self.connection: Connection | None = None

    def hurry(self) -> None:
        """Don't wait out the present delay."""
        self._hurry.set()

    async def run(self) -> None:
        """Until it is cancelled or gives up."""
        clock = asyncio.get_running_loop().time
        failures = 0
        while True:
            began = clock()
            ending = await self._once()
            if not ending.again:
                self._owner.gave_up(ending.error)
                return
            failures = 0 if clock() - began >= self._stable_seconds else failures
            await self._pause(failures, ending.error)
            failures += 1

    async def _once(self) -> Ending:
        try:
            token = await self._ask_token()
            connection = await self._dial(token)
        except Refused as refused:
            return refused.ending
        except HubbubError as error:
            return Ending(error, again=error.retryable)
        self.connection = connection
        again = False
        try:
            ending = await connection.run(lambda frame: self._owner.received(connection, frame))
            again = ending.again
        finally:
            self.connection = None
            self._owner.lost(again=again)
        said = self._owner.refusal()
        return ending if said is None else Ending(said, again)

    async def _ask_token(self) -> str:
        if isinstance(self._token, str):
            return self._token
        token = None if self._token is None else self._token()
        if isinstance(token, Awaitable):
            try:
                token = await token
            except OSError as failure:
                raise ConnectionLost(f"No token could be fetched: {failure}.") from failure
        if not token:
            raise Unauthenticated
        return token

    async def _pause(self, failures: int, error: HubbubError) -> None:
        delay = self._backoff.delay_seconds(failures, self._random)
        self._state.change(
            phase=Phase.RECONNECTING,
            transport=None,
            wire=None,
            session=None,
            attempt=failures + 1,
            retry_seconds=delay,
            error=error,
        )
        self._hurry.clear()
        try:
            async with asyncio.timeout(delay):
                await self._hurry.wait()
        except TimeoutError:
            pass
        self._state.change(retry_seconds=None)
