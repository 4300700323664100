"""How fast a connection without a WebSocket may post: what a link does by not reading, a POST does by waiting."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from typing import Final

from hubbub.realtime.core.meter import FREE_UNITS, TransportMeter
from hubbub.realtime.core.turns import Chore

from .context import TransportContext

_CONGESTED: Final = 1
_HELD: Final = 2

_NOISY_UNITS: Final = 25_000
"""Of noise in one body: about 250 commands that were refused. Their answers wait to be fetched."""


class RequestFlow:
    """The POSTs of one connection, one at a time."""

    __slots__ = ("_changed", "_context", "_ended", "_meter", "_more", "_noise", "_spent", "_stops")

    def __init__(self, context: TransportContext) -> None:
        self._context = context
        self._stops = 0
        self._ended = False
        self._more = False
        self._changed: asyncio.Future[None] | None = None
        self._noise = 0  # units, in the body that is being worked off
        self._spent = 0
        self._meter: TransportMeter | None = None

    def congest(self) -> None:
        """The client does not take its answers: what it asks for must not pile up here."""
        self._stops |= _CONGESTED

    def relieve(self) -> None:
        self._allow(_CONGESTED)

    def hold(self) -> None:
        """Who takes its commands has enough for now."""
        self._stops |= _HELD

    def read_on(self) -> None:
        self._allow(_HELD)

    def end(self) -> None:
        """The connection is over: nobody waits any more."""
        self._ended = True
        self._wake()

    def charge(self, units: int, *, noise: bool = True) -> None:
        """What was asked for is more work than one packet; `noise`: for nothing."""
        self._spent += units
        if noise:
            self._noise += units
            if self._meter is not None:
                self._meter.noise += units

    async def ready(self) -> None:
        """Return when the next POST may be read, or when the connection is over. One at a time."""
        await self._wait(_CONGESTED | _HELD)

    async def deliver(self, steps: Iterator[int]) -> bool:
        """Do the steps in turns with other connections, and pay for them.

        A client may post and poll strictly in turn: answers that nobody has taken yet delay the next POST, not this,
        unless it is full of noise.

        Args:
            steps: each hands on one packet, and yields its units of work.

        Returns:
            False: it has asked for far too much, mostly for nothing, and is to be closed with RATE_LIMITED.
        """
        loop = self._context.loop
        self._more = True
        self._noise = 0
        while self._more and not self._ended:
            await self._wait(self._stopping())
            await Chore(self._context.turns, loop, self._some(steps)).run()
        seconds = self._pay()
        if seconds == math.inf:
            self._context.limited += 1
            return False
        if seconds:
            self._context.slowed += 1
            until = loop.time() + seconds
            while not self._ended and (left := until - loop.time()) > 0:  # a timer may come a little early
                timer = loop.call_later(left, self._wake)
                await self._change()
                timer.cancel()
        return True

    def _some(self, steps: Iterator[int]) -> Iterator[None]:
        for units in steps:
            self._spent += units
            yield
            if self._stops & self._stopping() or self._ended:
                return
        self._more = False

    def _stopping(self) -> int:
        """What stops the body that is being worked off."""
        return _CONGESTED | _HELD if self._noise > _NOISY_UNITS else _HELD

    def _pay(self) -> float:
        rate = self._context.rate
        if rate is None or self._spent <= FREE_UNITS:
            return 0.0
        spent, self._spent = self._spent - FREE_UNITS, FREE_UNITS
        now = self._context.loop.time()
        if self._meter is None:
            self._meter = TransportMeter(rate, now)
        return self._meter.pay(spent, now)

    def _allow(self, why: int) -> None:
        self._stops &= ~why
        self._wake()

    async def _wait(self, stops: int) -> None:
        while self._stops & stops and not self._ended:
            await self._change()

    async def _change(self) -> None:
        self._changed = self._context.loop.create_future()
        try:
            await self._changed
        finally:
            self._changed = None

    def _wake(self) -> None:
        if self._changed is not None and not self._changed.done():
            self._changed.set_result(None)
