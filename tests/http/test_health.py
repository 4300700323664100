"""Liveness, readiness, and the canary that readiness sends over the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from hubbub.app import Application
from hubbub.bus import Chirp, ForUser, LocalBus, NodeId, Note, RoomNote
from hubbub.errors import StoreUnavailable
from hubbub.http.canary import Canary
from hubbub.http.health import Check, HealthPages
from hubbub.vocabulary import Event, Membership, Message, RoomId, Signal, TypingChanged, UserId, UserName

GENERAL = RoomId("general")
NODE = NodeId("node")


async def fine() -> None:
    return


async def never() -> None:
    await asyncio.Event().wait()


async def refuse() -> None:
    raise StoreUnavailable


async def crash() -> None:
    raise ZeroDivisionError("a secret detail")


async def ready(
    checks: dict[str, Check], *, closing: Callable[[], bool] = lambda: False, check_seconds: float = 0.01
) -> httpx.Response:
    pages = HealthPages(checks, closing, check_seconds=check_seconds)
    app = Starlette(routes=[Route("/readyz", pages.ready)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hubbub.example") as client:
        return await client.get("/readyz")


async def test_a_running_server_is_alive_and_ready(http: httpx.AsyncClient) -> None:
    assert (await http.get("/livez")).text == "ok\n"
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.json() == {"status": "ready", "checks": {"store": "ok", "bus": "ok"}}


async def test_a_server_that_is_going_down_is_alive_and_not_ready(server: Application, http: httpx.AsyncClient) -> None:
    server.closing = True
    assert (await http.get("/livez")).status_code == 200
    answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not_ready", "checks": {"server": "shutting_down"}}


@pytest.mark.parametrize(("check", "result"), [(never, "timeout"), (refuse, "store_unavailable"), (crash, "failed")])
async def test_one_failing_check_is_enough_and_named(check: Callable[[], Awaitable[None]], result: str) -> None:
    answer = await ready({"store": check, "bus": fine})
    assert answer.status_code == 503
    assert answer.json() == {"status": "not_ready", "checks": {"store": result, "bus": "ok"}}


async def test_requests_at_the_same_time_share_one_run() -> None:
    runs = 0
    began, go = asyncio.Event(), asyncio.Event()

    async def counted() -> None:
        nonlocal runs
        runs += 1
        began.set()
        await go.wait()

    pages = HealthPages({"store": counted}, lambda: False, check_seconds=60)
    app = Starlette(routes=[Route("/readyz", pages.ready)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hubbub.example") as client:
        asked = [asyncio.create_task(client.get("/readyz")) for _ in range(5)]
        await began.wait()
        asked[0].cancel()  # one that hangs up takes nobody with it
        go.set()
        answers = await asyncio.gather(*asked[1:])
        assert [answer.status_code for answer in answers] == [200] * 4
        assert runs == 1
        await client.get("/readyz")
        assert runs == 2


class Receiver:
    """Takes notes."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    def events(self, room: RoomId, events: Sequence[Event]) -> None:
        self.seen.append((room, list(events)))

    def signal(self, room: RoomId, signal: Signal | RoomNote) -> None:
        self.seen.append((room, signal))

    def note(self, note: Note) -> None:
        self.seen.append(note)

    def gap(self) -> None:
        self.seen.append("gap")


class DeafBus(LocalBus):
    """Loses everything."""

    def announce(self, note: Note) -> None:
        return


class TestCanary:
    async def test_it_returns_when_the_signal_came_back_and_nobody_else_heard_it(self) -> None:
        canary, receiver = Canary(LocalBus(), NODE), Receiver()
        await canary.open(receiver)
        await canary.sing()
        await canary.sing()
        assert receiver.seen == []
        await canary.close()

    async def test_a_bus_that_loses_is_noticed(self) -> None:
        canary = Canary(DeafBus(), NODE)
        await canary.open(Receiver())
        answer = await ready({"bus": canary.sing})
        assert answer.json()["checks"] == {"bus": "timeout"}

    async def test_repeats_and_the_chirps_of_others_do_no_harm(self) -> None:
        bus = LocalBus()
        canary = Canary(bus, NODE)
        await canary.open(Receiver())
        await canary.sing()
        bus.announce(Chirp(NODE, 1))
        singing = asyncio.create_task(canary.sing())
        canary.heard(Chirp(NodeId("other"), 2))
        await singing

    async def test_everything_else_passes(self) -> None:
        canary, receiver = Canary(LocalBus(), NODE), Receiver()
        await canary.open(receiver)
        message = Message(GENERAL, 1, UserName("ada"), 0, "hi")
        typing, member = TypingChanged(GENERAL, UserName("ada")), Membership(GENERAL, member=True)
        canary.subscribe(GENERAL)
        canary.publish(GENERAL, [message])
        canary.publish(GENERAL, typing)
        canary.announce(ForUser(UserId(1), member, "here"))
        canary.unsubscribe(GENERAL)
        canary.publish(GENERAL, [message])
        assert receiver.seen == [(GENERAL, [message]), (GENERAL, typing), ForUser(UserId(1), member, "here")]
