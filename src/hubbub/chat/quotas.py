"""What one user may ask of the chat, over all connections and requests together.

A connection has a rate of its own (realtime/core/meter.py); this one is for somebody with many of them. Whoever is
above it waits; a request that would have to wait for long gets `rate_limited` and the time.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Sized
from contextlib import asynccontextmanager
from typing import Any, Final

from hubbub.errors import RateLimited
from hubbub.realtime import Meter, Rate
from hubbub.vocabulary import CommandBase, UserId

PATIENCE_SECONDS: Final = 5.0
"""So long a request waits for its user's rate; a longer wait is the client's."""

AT_ONCE: Final = 8
"""Commands of one user that are under way at the same time, each on a connection of its own."""

PAGES_AT_ONCE: Final = 4
"""Pages that are read at the same time, of all users: writing one out takes the event loop a millisecond."""


def units_of(command: CommandBase[Any]) -> int:
    """What it costs beyond its frame, as declared: so much in any case, for each KiB of its text, for each room."""
    work = command.declared.work
    units = work.units
    if work.per_kib_of_text:
        text: str = getattr(command, "text", "")
        units += (len(text) >> 10) * work.per_kib_of_text
    if work.per_room:
        rooms: Sized = getattr(command, "rooms", ())
        units += len(rooms) * work.per_room
    return units


class _Places:
    """So many at a time; users who wait take turns, and what one user waits for is in the order of asking."""

    __slots__ = ("_free", "_waiting")

    def __init__(self, free: int) -> None:
        self._free = free
        self._waiting: OrderedDict[UserId, deque[asyncio.Future[None]]] = OrderedDict()  # who is next first

    @asynccontextmanager
    async def turn(self, user: UserId) -> AsyncIterator[None]:
        if self._free:
            self._free -= 1
        else:
            place = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(user, deque()).append(place)
            try:
                await place
            except asyncio.CancelledError:
                if place.done() and not place.cancelled():
                    self._pass_on()
                raise
        try:
            yield
        finally:
            self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            user, places = next(iter(self._waiting.items()))
            place = places.popleft()
            if places:
                self._waiting.move_to_end(user)
            else:
                del self._waiting[user]
            if not place.done():
                place.set_result(None)
                return
        self._free += 1


class _User:
    __slots__ = ("meter", "places", "running")

    def __init__(self, meter: Meter | None) -> None:
        self.meter = meter
        self.places = _Places(AT_ONCE)
        self.running = 0


class Quotas:
    """Kept for users who were active in the last moments."""

    def __init__(self, rate: Rate | None, now: Callable[[], float]) -> None:
        """`rate`: units of work of one user; None: no limit. `now`: seconds, monotonic."""
        self._rate = rate
        self._now = now
        self._users: dict[UserId, _User] = {}
        self._pages = _Places(PAGES_AT_ONCE)

    def __len__(self) -> int:
        return len(self._users)

    def spend(self, user: UserId, units: int) -> float:
        """Use units, which can't be refused. Seconds to wait before doing what they are for."""
        meter = self._user(user).meter
        return 0.0 if meter is None else meter.spend(units, self._now())

    def may(self, user: UserId, units: int) -> bool:
        """Use units when they are there. False: they are not, and nothing is used."""
        meter = self._user(user).meter
        return meter is None or not meter.take(units, self._now())

    async def pace(self, user: UserId, units: int) -> None:
        """Use units for a request, and wait for them as long as a request may take.

        Raises:
            RateLimited: it would be longer; nothing is used.
        """
        meter = self._user(user).meter
        seconds = 0.0 if meter is None else meter.take(units, self._now())
        if not seconds or meter is None:
            return
        if seconds > PATIENCE_SECONDS:
            raise RateLimited(retry_after_seconds=seconds)
        meter.spend(units, self._now())
        await asyncio.sleep(seconds)

    @asynccontextmanager
    async def turn(self, user: UserId, command: CommandBase[Any]) -> AsyncIterator[None]:
        """Hold a place for this command, one of the user's; for a page, one of all users', who take turns."""
        async with self._place(user):
            if command.declared.work.page:
                async with self._pages.turn(user):
                    yield
            else:
                yield

    @asynccontextmanager
    async def _place(self, user: UserId) -> AsyncIterator[None]:
        one = self._user(user)
        one.running += 1
        try:
            async with one.places.turn(user):
                yield
        finally:
            one.running -= 1

    def tick(self) -> None:
        """Forget those who are as good as new."""
        now = self._now()
        idle = [
            user for user, one in self._users.items() if not one.running and (one.meter is None or one.meter.full(now))
        ]
        for user in idle:
            del self._users[user]

    def _user(self, user: UserId) -> _User:
        one = self._users.get(user)
        if one is None:
            one = self._users[user] = _User(None if self._rate is None else Meter(self._rate, self._now()))
        return one
