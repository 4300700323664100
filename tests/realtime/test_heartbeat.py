"""One timer asks every link for a sign of life and reports the silent ones."""

from __future__ import annotations

import asyncio

from hubbub.realtime.deadlines import Deadlines
from hubbub.realtime.heartbeat import Heartbeat


class Link:
    def __init__(self) -> None:
        self.silent = False
        self.slot = -1
        self.pings = 0
        self.deaths = 0
        self.retired = 0

    def ping(self) -> None:
        self.pings += 1

    def dead(self) -> None:
        self.deaths += 1

    def retire(self) -> None:
        self.retired += 1


def wheel(interval: float = 25, timeout: float = 20) -> Heartbeat:
    return Heartbeat(asyncio.get_running_loop(), interval, timeout)


async def test_every_link_is_pinged_once_per_interval_and_not_all_at_once() -> None:
    heartbeat, links = wheel(), [Link() for _ in range(100)]
    for link in links:
        heartbeat.add(link)
    most_in_a_tick = 0
    for _ in range(25):
        before = sum(link.pings for link in links)
        heartbeat.tick()
        most_in_a_tick = max(most_in_a_tick, sum(link.pings for link in links) - before)
    assert [link.pings for link in links] == [1] * 100
    assert most_in_a_tick == 4


async def test_a_silent_link_is_dead_after_the_timeout_and_not_before() -> None:
    heartbeat, link = wheel(interval=25, timeout=20), Link()
    heartbeat.add(link)
    while not link.pings:
        heartbeat.tick()
    for _ in range(19):
        heartbeat.tick()
    assert link.deaths == 0
    heartbeat.tick()
    assert link.deaths == 1


async def test_a_link_that_answers_lives_on() -> None:
    heartbeat, link = wheel(), Link()
    heartbeat.add(link)
    for _ in range(100):
        heartbeat.tick()
        link.silent = False
    assert link.pings == 4
    assert link.deaths == 0


async def test_a_timeout_longer_than_the_interval_sends_no_second_ping_meanwhile() -> None:
    heartbeat, link = wheel(interval=5, timeout=12), Link()
    heartbeat.add(link)
    for _ in range(25 + 59):
        heartbeat.tick()
    assert (link.pings, link.deaths) == (1, 0)
    for _ in range(3):
        heartbeat.tick()
    assert link.deaths == 1


async def test_a_removed_link_is_left_alone() -> None:
    heartbeat, link = wheel(), Link()
    heartbeat.add(link)
    while not link.pings:
        heartbeat.tick()
    heartbeat.remove(link)
    heartbeat.remove(link)
    for _ in range(60):
        heartbeat.tick()
    assert (link.pings, link.deaths) == (1, 0)
    assert heartbeat.links() == []


async def test_it_ticks_by_itself_until_stopped() -> None:
    heartbeat, link = wheel(interval=0.25, timeout=0.1), Link()
    heartbeat.add(link)
    heartbeat.start()
    async with asyncio.timeout(5):
        while not link.deaths:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    heartbeat.stop()
    heartbeat.stop()
    assert link.pings >= 1


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
