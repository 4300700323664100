"""What a server tells Prometheus, and whom it tells."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.requests import Request
from websockets.asyncio.client import connect

from hubbub.app import Application
from hubbub.bus import BusCounters
from hubbub.chat import ChatCounters
from hubbub.config import Config
from hubbub.http.metrics import BUS_COUNTERS, CHAT_COUNTERS, is_local

from .conftest import refusal

OPERATIONS_PAGE = Path(__file__).parents[2] / "docs" / "operations.md"


async def values(http: httpx.AsyncClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by its name and labels."""
    answer = await http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def labels(**given: str) -> frozenset[tuple[str, str]]:
    return frozenset(given.items())


async def test_connections_and_messages_are_counted(
    server: Application, ada: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    await ada.post("/api/v1/rooms", json={"room": "general"})
    await ada.post("/api/v1/rooms/general/messages", json={"text": "hi", "nonce": "1"})
    headers = {"authorization": ada.headers["authorization"]}
    async with connect(server.url.replace("http", "ws") + "/ws", additional_headers=headers) as socket:
        await socket.recv()
        found = await values(http)
    assert found["hubbub_connections", labels(wire="native.json", transport="websocket")] == 1
    assert found["hubbub_online_users", labels()] == 1
    assert found["hubbub_chat_sends_total", labels()] == 1
    assert found["process_resident_memory_bytes", labels()] > 1_000_000


async def test_requests_are_counted_by_route_and_not_by_path(ada: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    for room in ("one", "two"):
        await ada.get(f"/api/v1/rooms/{room}/events")
    for path in ("/no/such/page.txt", "/another.txt", "/api/nothing"):
        await http.get(path)
    await http.request("BREW", "/livez")
    found = await values(http)
    route = "/api/v1/rooms/{room}/events"
    assert found["hubbub_http_requests_total", labels(method="GET", route=route, status="404")] == 2
    assert found["hubbub_http_request_seconds_count", labels(route=route)] == 2
    assert found["hubbub_http_requests_total", labels(method="GET", route="app", status="404")] == 2
    assert found["hubbub_http_requests_total", labels(method="GET", route="/api/", status="404")] == 1
    assert not any("another" in str(key) or "BREW" in str(key) for key in found)


async def test_a_poll_is_counted_and_not_timed(http: httpx.AsyncClient) -> None:
    await http.get("/socket.io/?EIO=4&transport=polling")
    found = await values(http)
    assert found["hubbub_http_requests_total", labels(method="GET", route="/socket.io/", status="200")] == 1
    assert ("hubbub_http_request_seconds_count", labels(route="/socket.io/")) not in found


@pytest.mark.parametrize(
    "headers",
    [
        {"x-forwarded-for": "203.0.113.9"},
        {"x-forwarded-proto": "https"},
        {"forwarded": "for=203.0.113.9"},
        {"x-real-ip": "203.0.113.9"},
        {"via": "1.1 proxy"},
        {"host": "chat.example.org"},
    ],
)
async def test_what_came_through_a_proxy_needs_an_administrator(
    ada: httpx.AsyncClient, bob: httpx.AsyncClient, http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert refusal(await http.get("/metrics", headers=headers)) == (401, "unauthenticated")
    assert refusal(await bob.get("/metrics", headers=headers)) == (403, "forbidden")
    assert (await ada.get("/metrics", headers=headers)).status_code == 200


class TestOpen:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return Config(port=0, data=config.data, shutdown_grace_seconds=0, metrics="open")

    async def test_anybody_may_read(self, http: httpx.AsyncClient) -> None:
        headers = {"x-forwarded-for": "203.0.113.9", "host": "chat.example.org"}
        assert (await http.get("/metrics", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("peer", "host", "local"),
    [
        ("127.0.0.1", "127.0.0.1:8000", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "LOCALHOST:8000", True),
        ("::1", "[::1]:8000", True),
        ("::1", "[::1]", True),
        ("127.0.0.1", "localhost.example.org", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", "[", False),
        ("10.0.0.1", "localhost", False),
        ("somewhere", "localhost", False),
        (None, "localhost", False),
    ],
)
def test_local_is_from_this_machine_to_this_machine(peer: str | None, host: str, *, local: bool) -> None:
    client = None if peer is None else (peer, 50000)
    scope = {"type": "http", "headers": [(b"host", host.encode())], "client": client}
    assert is_local(Request(scope)) is local


def test_every_counter_of_the_chat_is_shown() -> None:
    assert set(CHAT_COUNTERS) == {field.name for field in fields(ChatCounters)}


def test_every_counter_of_the_bus_is_shown_and_explained() -> None:
    assert set(BUS_COUNTERS) | {"connected"} == {field.name for field in fields(BusCounters)}
    page = OPERATIONS_PAGE.read_text(encoding="utf-8")
    assert [name for name in BUS_COUNTERS if f"`hubbub_bus_{name}_total`" not in page] == []
    assert "`hubbub_bus_connected`" in page


async def test_every_metric_is_explained_in_the_operator_s_page(http: httpx.AsyncClient) -> None:
    await http.get("/livez")
    page = OPERATIONS_PAGE.read_text(encoding="utf-8")
    answer = await http.get("/metrics")
    names = {line.split()[2] for line in answer.text.splitlines() if line.startswith("# TYPE hubbub_")}
    assert len(names) > 15
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
