"""Keeps one connection open: connects, waits with backoff after a loss, gives up when the server says so."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import msgspec

from hubbub.errors import HubbubError, Unauthenticated
from hubbub.vocabulary import Welcome

from .backoff import Backoff
from .failures import ConnectionLost
from .state import Observable, Phase
from .transport import Ending, Refused, Transport
from .transport_choice import BetterTransportProbe, TransportChooser

Token = str | Callable[[], str | Awaitable[str | None] | None]

_SETTLE_SECONDS: Final = 3.0
"""How long the connection waits for answers that are under way before it goes over to a better transport."""


class Owner(Protocol):
    """Who uses the connection. Called on the event loop; must not block."""

    def received(self, transport: Transport, frame: bytes) -> None: ...

    async def settle(self) -> None:
        """Write nothing more. Returns when nothing is under way."""
        ...

    def switched(self) -> None:
        """The connection is another, better one now; its welcome follows."""
        ...

    def lost(self, *, again: bool) -> None:
        """The connection ended. Called once for each loss; `again`: there will be another attempt."""
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
        probe_pauses: the pauses between attempts to find a better transport.
        stable_seconds: a connection that lasted so long starts the backoff anew; one that a restarting server ended
            leaves it as it is.
    """

    def __init__(
        self,
        owner: Owner,
        state: Observable,
        chooser: TransportChooser,
        token: Token | None,
        backoff: Backoff,
        probe_pauses: Backoff,
        random: Callable[[], float],
        *,
        stable_seconds: float,
    ) -> None:
        self._owner = owner
        self._state = state
        self._chooser = chooser
        self._token = token
        self._backoff = backoff
        self._probe_pauses = probe_pauses
        self._random = random
        self._stable_seconds = stable_seconds
        self._hurry = asyncio.Event()
        self._probe: BetterTransportProbe | None = None
        self._goodbyes: set[asyncio.Task[None]] = set()
        self.connection: Transport | None = None

    def hurry(self) -> None:
        """Don't wait out the present delay; on a fallback: look for something better now."""
        self._hurry.set()
        if self._probe is not None:
            self._probe.hurry()

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
            failures += not ending.restart  # else the restart of one node after the other would make clients slow

    async def close(self) -> None:
        """Let connections that were left for better ones end."""
        await asyncio.gather(*self._goodbyes)

    async def _once(self) -> Ending:
        try:
            transport = await self._chooser.dial(await self._ask_token())
        except Refused as refused:
            return refused.ending
        except HubbubError as error:
            return Ending(error, again=error.retryable)
        again = welcomed = False
        try:
            ending = await self._serve(transport)
            again, welcomed = ending.again, self._state.value.phase is Phase.CONNECTED
        finally:
            self._owner.lost(again=again)
        said = self._owner.refusal()
        if said is not None:
            return Ending(said, again)
        return ending if welcomed else msgspec.structs.replace(ending, restart=False)

    async def _serve(self, transport: Transport) -> Ending:
        """Use this connection, and each better one that is found, until one ends."""
        try:
            while True:
                self.connection = transport
                outcome = await self._use(transport)
                if isinstance(outcome, Ending):
                    if outcome.obstacle is not None:
                        self._chooser.failed(transport.name, outcome.obstacle, outcome.error)
                    return outcome
                self._say_goodbye(transport)
                transport = self._chooser.reached(outcome)
                self._owner.switched()
        finally:
            self.connection = None

    async def _use(self, transport: Transport) -> Ending | Transport:
        """Read until the connection ends, or until there is a better one."""
        reading = asyncio.create_task(transport.run(lambda frame: self._owner.received(transport, frame)))
        probing = asyncio.create_task(self._look_for_better(transport))
        chosen: Transport | None = None
        try:
            await asyncio.wait((reading, probing), return_when=asyncio.FIRST_COMPLETED)
            if not probing.done():
                return await reading
            better = await probing
            settling = asyncio.create_task(self._owner.settle())
            await asyncio.wait((reading, settling), timeout=_SETTLE_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            settling.cancel()
            chosen = better
            return chosen
        finally:
            await self._leave(transport, reading, probing, chosen)

    async def _leave(
        self,
        transport: Transport,
        reading: asyncio.Task[Ending],
        probing: asyncio.Task[Transport],
        chosen: Transport | None,
    ) -> None:
        """Leave nothing behind, however `_use` ended."""
        reading.cancel()
        probing.cancel()
        read, found = await asyncio.gather(reading, probing, return_exceptions=True)
        if not isinstance(found, BaseException) and found is not chosen:
            self._say_goodbye(found)
        if isinstance(read, Exception):  # a bug in what hears the frames
            self._say_goodbye(transport)
            raise read

    async def _look_for_better(self, transport: Transport) -> Transport:
        if not self._chooser.above(transport.name):
            await asyncio.get_running_loop().create_future()

        async def find() -> Transport | None:
            try:
                found = await self._chooser.better(transport.name, await self._ask_token())
            except HubbubError:
                return None
            if found is not None and (found.first is None or not isinstance(found.wire.decode(found.first), Welcome)):
                self._say_goodbye(found)  # the token does not work any more; the connection will hear of it
                return None
            return found

        self._probe = BetterTransportProbe(find, self._probe_pauses, self._random)
        try:
            return await self._probe.run()
        finally:
            self._probe = None

    def _say_goodbye(self, transport: Transport) -> None:
        task = asyncio.create_task(transport.close())
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)

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
            fallback=(),
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
