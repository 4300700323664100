"""Liveness, readiness, and the canary that readiness sends over the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from hubbub.app import Application
from hubbub.bus import NodeId
from hubbub.errors import StoreUnavailable
from hubbub.http.health import Check, HealthPages
from hubbub.vocabulary import RoomId

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


async def test_a_remark_is_shown_and_makes_nothing_unready() -> None:
    pages = HealthPages({"bus": fine}, lambda: False, {"peers": lambda: "1 of 2 silent"})
    app = Starlette(routes=[Route("/readyz", pages.ready)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hubbub.example") as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"bus": "ok", "peers": "1 of 2 silent"}}
