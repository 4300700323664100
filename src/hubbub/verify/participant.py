"""One client of a run: it connects, breaks off, comes back to another server, and never gives up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Final

from msgspec import Struct

from hubbub.client.transport import Ending, Refused, Transport

from .connections import cut, hang, open_transport, read_on, release, stop_reading
from .conversation import Conversation
from .history import Said, View
from .plan import Plan, WireName

_GLANCE_SECONDS: Final = 0.2
"""How often a client looks whether it has waited too long."""

_AGAIN_SECONDS: Final = 0.2
_BACK_SECONDS: Final = (0.05, 0.5)
"""The pause after a connection that could not be made; chance chooses between them."""

_FOREVER_SECONDS: Final = 3600.0


class Account(Struct, frozen=True):
    """A login of somebody."""

    name: str
    token: str


class Participant:
    """A reader, and a sender when it is given something to say.

    Attributes:
        connections: how many it has had.
        dropped: how many of them it broke off itself.
        silence_seconds: the longest time without an entry while the senders were at work.
    """

    def __init__(self, number: int, plan: Plan, account: Account, views: list[View], *, silent: bool = False) -> None:
        self.wire: WireName = plan.wires[number % len(plan.wires)]
        self.account = account
        self.connections = 0
        self.dropped = 0
        self.silence_seconds = 0.0
        self._plan = plan
        self._silent = silent
        self._random = Random(f"{plan.seed} client {number}")  # noqa: S311  to be repeated, not to be secret
        self._next_url = number
        self._hanging: list[int] = []
        self._conversation = Conversation(views, self._later, self._random, plan.repeat_share)
        self._clock = asyncio.get_running_loop().time
        self._alive_at = self._entry_at = self._clock()
        self._working = False
        self._transport: Transport | None = None
        self._task: asyncio.Task[None] | None = None

    # what the run asks

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    @property
    def ready(self) -> bool:
        return self._conversation.ready

    def begin(self) -> None:
        """The senders begin: from now on silence counts."""
        self._working = True
        self._entry_at = self._clock()
        if self._silent and self._transport is not None:
            stop_reading(self._transport)

    def end(self) -> None:
        """The senders have ended: no silence counts, nothing is broken any more; who did not read reads on."""
        self._note_silence()
        self._working = False
        if self._silent:
            self._silent = False
            self._alive_at = self._clock()
            if self._transport is not None:
                read_on(self._transport)

    def say(self, said: Said) -> None:
        self._conversation.say(said)

    @property
    def open(self) -> int:
        """Messages that wait for an acknowledgement."""
        return self._conversation.open

    def drop(self) -> None:
        """Break the connection off."""
        if self._transport is None or self._silent:
            return
        self.dropped += 1
        if self._plan.half_open:
            self._hanging += hang(self._transport)
        else:
            cut(self._transport)

    async def stop(self) -> None:
        """Say goodbye and end."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        release(self._hanging)

    # inside

    async def _run(self) -> None:
        while True:
            try:
                transport = await self._open()
            except Refused:
                await asyncio.sleep(self._random.uniform(*_BACK_SECONDS))
                continue
            self.connections += 1
            try:
                await self._use(transport)
            finally:
                self._transport = None
                self._conversation.interrupted()

    async def _open(self) -> Transport:
        urls = self._plan.urls
        url = urls[self._next_url % len(urls)]
        self._next_url = self._random.randrange(len(urls))
        patience = self._plan.patience_seconds
        return await open_transport(
            self.wire,
            url,
            self.account.token,
            patience_seconds=patience,
            keepalive_seconds=_FOREVER_SECONDS if self._silent else patience,
        )

    async def _use(self, transport: Transport) -> None:
        """Talk over it until it ends, or nothing comes any more."""
        running = asyncio.create_task(transport.run(lambda frame: self._received(transport, frame)))
        self._transport = transport
        self._alive_at = self._clock()
        self._conversation.connected(lambda command: transport.post(transport.wire.encode(command)))
        self._watch(running)
        try:
            await asyncio.wait({running})
        except asyncio.CancelledError:
            await transport.close()
            raise
        finally:
            cut(transport)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def _watch(self, running: asyncio.Task[Ending]) -> None:
        """Leave the connection when nothing comes any more."""
        if self._is_dead():
            running.cancel()
        if not running.done():
            asyncio.get_running_loop().call_later(_GLANCE_SECONDS, self._watch, running)

    def _is_dead(self) -> bool:
        """Whether the server has not answered in time. After half of that time of silence it is asked something."""
        silence = self._clock() - self._alive_at
        if self._silent:
            return False
        if silence > self._plan.patience_seconds / 2 and not self._conversation.waits:
            self._conversation.ask()
        return silence > self._plan.patience_seconds

    def _received(self, transport: Transport, frame: bytes) -> None:
        self._alive_at = self._clock()
        if self._conversation.receive(transport.wire.decode(frame)):
            self._note_silence()

    def _note_silence(self) -> None:
        now = self._clock()
        if self._working and not self._silent:
            self.silence_seconds = max(self.silence_seconds, now - self._entry_at)
        self._entry_at = now

    def _later(self, call: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(_AGAIN_SECONDS, call)
