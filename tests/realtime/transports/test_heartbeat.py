"""One timer asks every link for a sign of life and reports the silent ones."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import socket
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Protocol, cast

from hubbub.realtime.core.deadlines import Deadlines
from hubbub.realtime.transports.heartbeat import Heartbeat


class Timing(Protocol):
    def time(self) -> float: ...


class Link:
    def __init__(self, timing: Timing, *, answers: bool = False) -> None:
        self.answers = answers
        self.silent: float = 0
        self.slot = -1
        self.pinged: list[float] = []
        self.died: list[float] = []
        self.gone = asyncio.Event()
        self._timing = timing

    def ping(self) -> None:
        self.pinged.append(self._timing.time())
        if self.answers:
            self.silent = 0

    def dead(self) -> None:
        self.died.append(self._timing.time())
        self.gone.set()

    def retire(self) -> None: ...


class Loop:
    """As much of an event loop as a heartbeat needs, whose time moves only when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.between: Callable[[], None] = lambda: None
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, call: Callable[..., None], *arguments: Any) -> Timer:
        timer = Timer(call, arguments)
        heapq.heappush(self._timers, (when, next(self._numbers), timer))
        return timer

    def call_soon(self, call: Callable[..., None], *arguments: Any) -> Timer:
        self.between()
        return self.call_at(self.now, call, *arguments)

    def run(self, seconds: float) -> None:
        """Time passes."""
        until = self.now + seconds
        while self._timers and self._timers[0][0] <= until:
            when, _, timer = heapq.heappop(self._timers)
            self.now = max(self.now, when)
            timer.run()
        self.now = until


class Timer:
    def __init__(self, call: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self._call: Callable[..., None] | None = call
        self._arguments = arguments

    def cancel(self) -> None:
        self._call = None

    def run(self) -> None:
        if self._call is not None:
            self._call(*self._arguments)


def beating(interval: float = 25, timeout: float = 20) -> tuple[Loop, Heartbeat]:
    loop = Loop()
    heartbeat = Heartbeat(cast("asyncio.AbstractEventLoop", loop), interval, timeout)
    heartbeat.start()
    return loop, heartbeat


def test_a_link_is_pinged_once_per_interval_beginning_an_interval_after_it_came() -> None:
    loop, heartbeat = beating(interval=25)
    links = []
    for _ in range(250):
        links.append(link := Link(loop, answers=True))
        heartbeat.add(link)
        loop.run(0.1)
    came = [1000 + number / 10 for number in range(250)]
    loop.run(100)
    for link, at in zip(links, came, strict=True):
        assert 24 <= link.pinged[0] - at <= 25
        assert {round(after - before, 6) for before, after in pairwise(link.pinged)} == {25.0}
    assert max(Counter(link.pinged[0] for link in links).values()) == 10  # those of one second


def test_many_that_came_together_are_pinged_in_portions() -> None:
    loop, heartbeat = beating()
    links = [Link(loop) for _ in range(1000)]
    for link in links:
        heartbeat.add(link)
    loop.between = lambda: portions.append(sum(len(link.pinged) for link in links))
    portions: list[int] = []
    loop.run(25)
    assert portions == [256, 512, 768]
    assert all(len(link.pinged) == 1 for link in links)
    loop.run(20)
    assert all(len(link.died) == 1 for link in links)


def test_a_silent_link_is_dead_exactly_after_the_timeout() -> None:
    loop, heartbeat = beating(interval=0.3, timeout=0.2)
    heartbeat.add(link := Link(loop))
    loop.run(5)
    assert len(link.pinged) == 1
    assert [round(died - link.pinged[0], 6) for died in link.died] == [0.2]


def test_a_link_that_answers_lives_on() -> None:
    loop, heartbeat = beating()
    heartbeat.add(link := Link(loop, answers=True))
    loop.run(100)
    assert len(link.pinged) == 4
    assert not link.died


def test_a_timeout_longer_than_the_interval_sends_no_second_ping() -> None:
    loop, heartbeat = beating(interval=5, timeout=12)
    heartbeat.add(link := Link(loop))
    loop.run(7)
    link.silent = 0  # the answer to the first ping, not to the second
    loop.run(50)
    assert len(link.pinged) == 2
    assert link.died == [link.pinged[1] + 12]


def test_a_process_that_stood_still_reads_the_answers_before_it_judges() -> None:
    loop, heartbeat = beating()
    heartbeat.add(answers := Link(loop))
    heartbeat.add(does_not := Link(loop))
    loop.run(30)
    loop.now += 1000
    loop.run(0)
    assert not does_not.died
    answers.silent = 0
    loop.run(5)
    assert does_not.died
    assert not answers.died
    assert len(answers.pinged) == 1  # not once for every interval that was missed
    loop.run(25)
    assert len(answers.pinged) == 2


def test_a_successor_is_pinged_when_its_predecessor_would_have_been() -> None:
    loop, heartbeat = beating()
    heartbeat.add(old := Link(loop))
    loop.run(20)
    heartbeat.add(new := Link(loop))
    heartbeat.replace(old, new)
    loop.run(5)
    assert (len(old.pinged), len(new.pinged)) == (0, 1)
    assert heartbeat.links() == [new]


def test_a_removed_link_is_left_alone() -> None:
    loop, heartbeat = beating()
    heartbeat.add(link := Link(loop))
    loop.run(25)
    heartbeat.remove(link)
    heartbeat.remove(link)
    loop.run(60)
    assert (len(link.pinged), link.died) == (1, [])
    assert heartbeat.links() == []


def test_nothing_happens_once_it_is_stopped() -> None:
    loop, heartbeat = beating()
    heartbeat.add(link := Link(loop))
    loop.run(30)
    heartbeat.stop()
    heartbeat.stop()
    loop.run(100)
    assert (len(link.pinged), link.died) == (1, [])


async def test_it_runs_on_a_real_loop() -> None:
    loop = asyncio.get_running_loop()
    heartbeat = Heartbeat(loop, interval_seconds=0.25, timeout_seconds=0.1)
    heartbeat.start()
    heartbeat.add(link := Link(loop))
    async with asyncio.timeout(5):
        await link.gone.wait()
    heartbeat.stop()
    assert len(link.pinged) == 1


class Beginner:
    def __init__(self) -> None:
        self.expired = asyncio.Event()

    def expire(self) -> None:
        self.expired.set()


async def test_who_does_not_begin_in_time_expires_and_who_does_not() -> None:
    deadlines = Deadlines(asyncio.get_running_loop(), 0.05)
    late, punctual = Beginner(), Beginner()
    deadlines.add(late)
    deadlines.add(punctual)
    deadlines.remove(punctual)
    async with asyncio.timeout(5):
        await late.expired.wait()
    assert not punctual.expired.is_set()
    again = Beginner()
    deadlines.add(again)
    async with asyncio.timeout(5):
        await again.expired.wait()
    deadlines.add(Beginner())
    deadlines.stop()
    deadlines.stop()


async def test_who_begins_and_is_refused_has_no_more_time_than_before() -> None:
    loop = asyncio.get_running_loop()
    deadlines = Deadlines(loop, 0.1)
    refused, accepted, held, late = Beginner(), Beginner(), Beginner(), Beginner()
    end = loop.time() + 0.1
    for one in (refused, accepted, held, late):
        deadlines.add(one)
        deadlines.hold(one)
    deadlines.resume(refused)
    deadlines.hold(refused)
    deadlines.resume(refused)
    deadlines.add(accepted)
    deadlines.remove(accepted)
    async with asyncio.timeout(5):
        await refused.expired.wait()
    assert loop.time() >= end - 0.01
    assert not accepted.expired.is_set()
    assert not held.expired.is_set()
    deadlines.resume(late)
    deadlines.remove(late)
    deadlines.resume(held)  # too late: at once
    async with asyncio.timeout(5):
        await held.expired.wait()
    assert not late.expired.is_set()
    deadlines.resume(accepted)  # it was not held: the whole time
    deadlines.stop()


async def test_nobody_expires_because_this_process_stood_still() -> None:
    """What came meanwhile is read first."""
    loop = asyncio.get_running_loop()
    deadlines = Deadlines(loop, 0.1)
    punctual, late = Beginner(), Beginner()
    deadlines.add(punctual)
    deadlines.add(late)
    time.sleep(0.4)
    mine, other = socket.socketpair()
    mine.settimeout(0)
    loop.add_reader(mine, deadlines.remove, punctual)
    other.send(b"here")
    async with asyncio.timeout(5):
        await late.expired.wait()
    assert not punctual.expired.is_set()
    loop.remove_reader(mine)
    mine.close()
    other.close()
    deadlines.stop()
