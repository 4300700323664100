"""A network that breaks WebSockets: people chat on, see what it is, and get the WebSocket back when it opens."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.async_api import Route, expect

from .conftest import ONE_LOOP, House, NewPerson
from .person import PASSWORD, Person
from .proxy import Proxy, proxy_before

pytestmark = ONE_LOOP

SDK = Path(__file__).parents[2] / "clients" / "js" / "dist"

RECORDER = """async () => {
  const { Hubbub } = await import("/sdk/index.js");
  const hubbub = new Hubbub();
  window.record = { events: [], ways: [], reasons: [] };
  hubbub.on("event", (event) => record.events.push([event.seq, event.text ?? event.type]));
  hubbub.on("state", ({ transport, fallback }) => {
    if (transport === null || record.ways.at(-1) === transport) return;
    record.ways.push(transport);
    record.reasons.push(fallback);
  });
  hubbub.connect();
  await hubbub.join("kitchen", 0);
  window.hubbub = hubbub;
}"""


async def transports(house: House) -> dict[str, int]:
    """What the server's metrics say about open connections."""
    async with httpx.AsyncClient(base_url=house.url) as http:
        lines = (await http.get("/metrics")).text.splitlines()
    found: dict[str, int] = {}
    for line in lines:
        if line.startswith("hubbub_connections{"):
            name = line.split('transport="')[1].split('"')[0]
            found[name] = found.get(name, 0) + int(float(line.rsplit(" ", 1)[1]))
    return {name: count for name, count in found.items() if count}


async def look_for_websocket(person: Person, transport: str = "WebSocket") -> None:
    """The browser says that the network is another one, again and again: a blink is ignored."""
    async with asyncio.timeout(30):
        while f"Connected by {transport}" not in (await person.state_line.first.inner_text()):
            await person.page.evaluate("dispatchEvent(new Event('online'))")
            await person.page.wait_for_timeout(200)


@pytest.mark.parametrize("obstacle", ["refused", "swallowed"])
async def test_people_chat_over_event_streams_then_long_polling_then_websocket_again(
    person: NewPerson, house: House, obstacle: Literal["refused", "swallowed"]
) -> None:
    ada, bob = await person(), await person()
    async with proxy_before(house.url) as proxy:
        await ada.set_up("ada", "Ada Okafor")
        await ada.create_room("Kitchen")
        bob.url = proxy.url
        bob.transport = "event stream"
        proxy.websockets = obstacle
        await bob.sign_up("bob", path="/r/kitchen")
        await bob.page.get_by_role("button", name="Join #kitchen").click()
        await say_in_turn(ada, bob, "by event stream")
        await expect(bob.state_line.first).to_contain_text("Your network blocks WebSockets")
        await bob.page.get_by_role("button", name="Connected by event stream").click()
        details = bob.page.locator(".state-card:popover-open")
        why = {"refused": "Could not be opened", "swallowed": "Opened, but nothing came through"}[obstacle]
        await expect(details).to_contain_text(f"WebSocket{why}")
        await expect(details).to_contain_text("WireJSON")
        await bob.page.keyboard.press("Escape")
        await expect(details).to_have_count(0)
        assert (await transports(house))["sse"] == 1

        proxy.streams = "buffered"
        await proxy.cut()
        bob.transport = "long-polling"
        await bob.is_connected()
        await say_in_turn(ada, bob, "by long-polling")
        assert (await transports(house))["polling"] == 1

        # A reload does not ask again what is known of this network.
        await bob.page.reload()
        await bob.is_connected()
        proxy.websockets = "open"
        await look_for_websocket(bob)
        await expect(bob.state_line.first).not_to_contain_text("Your network")
        await say_in_turn(ada, bob, "by WebSocket")
        assert (await transports(house)).keys() == {"websocket"}


async def say_in_turn(ada: Person, bob: Person, how: str) -> None:
    before = await ada.messages.all_inner_texts()
    said = [f"{who} {how}" for who in ("ada", "bob", "ada again")]
    await ada.say(said[0])
    await bob.sees(*before, said[0])
    await bob.say(said[1])
    await ada.sees(*before, *said[:2])
    await ada.say(said[2])
    for one in (ada, bob):
        await one.sees(*before, *said)


async def test_every_seq_comes_once_while_the_transport_changes(person: NewPerson, house: House) -> None:
    """The client without the app, which would hide a repeated event, while somebody talks all the time."""
    async with proxy_before(house.url) as proxy, httpx.AsyncClient(base_url=house.url) as http:
        eve = await account(http, "eve")
        await http.post("/api/v1/rooms", json={"room": "kitchen"}, headers=eve)
        reader = await person()
        reader.url = proxy.url
        proxy.websockets = "refused"
        reader.transport = "event stream"
        await reader.sign_up("bob")
        await reader.page.goto("about:blank")
        await reader.page.route("**/sdk/*", serve_sdk)
        await reader.open("/")
        await reader.page.evaluate(RECORDER)
        talk = asyncio.ensure_future(talk_on(http, eve))
        try:
            await change(reader, proxy, "sse")
            proxy.streams = "buffered"
            await proxy.cut()
            await change(reader, proxy, "polling")
            proxy.websockets = "open"
            await change(reader, proxy, "websocket")
        finally:
            talk.cancel()
        last = await http.get("/api/v1/rooms/kitchen/events?limit=1", headers=eve)
        head: int = last.json()["head"]
        await reader.page.wait_for_function("head => record.events.at(-1)?.[0] >= head", arg=head)
        record: dict[str, Any] = await reader.page.evaluate("record")
        assert [seq for seq, _ in record["events"]] == list(range(1, head + 1))
        assert record["ways"] == ["sse", "polling", "websocket"]
        assert record["reasons"] == [{"websocket": "refused"}, {"websocket": "refused", "sse": "silent"}, None]
        assert await reader.page.evaluate("hubbub.state.wire") == "native.msgpack"


async def account(http: httpx.AsyncClient, name: str) -> dict[str, str]:
    """The header that signs requests in."""
    answer = await http.post("/api/v1/accounts", json={"name": name, "password": PASSWORD})
    return {"authorization": f"Bearer {answer.json()['token']}"}


async def talk_on(http: httpx.AsyncClient, who: dict[str, str]) -> None:
    number = 0
    while True:
        number += 1
        body = {"text": f"line {number}", "nonce": f"n{number}"}
        await http.post("/api/v1/rooms/kitchen/messages", json=body, headers=who)
        await asyncio.sleep(0.02)  # a pace, not a wait


async def change(reader: Person, proxy: Proxy, transport: str) -> None:
    """Wait until the recorder is connected by this transport, and has heard something over it."""
    page = reader.page
    async with asyncio.timeout(60):
        while await page.evaluate("window.hubbub?.state.transport") != transport:
            await page.evaluate("dispatchEvent(new Event('online'))")
            await page.wait_for_timeout(200)
    heard: int = await page.evaluate("record.events.length")
    await page.wait_for_function("heard => record.events.length > heard + 20", arg=heard)


async def serve_sdk(route: Route) -> None:
    name = route.request.url.rsplit("/", 1)[1]
    await route.fulfill(path=SDK / name, content_type="text/javascript")
