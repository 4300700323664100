"""No page of another origin opens a connection with the browser's cookie, whichever way it comes in."""

from __future__ import annotations

import httpx
import pytest
from websockets.asyncio.client import connect

from hubbub.realtime import GatewaySettings
from tests.realtime.conftest import Stand, running

NAMED = ("https://app.example/", "*")

FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
    {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
    {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
    {"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/sse", "/sse?join=everyone", "/poll", "/socket.io/?EIO=4&transport=polling"])
async def test_no_page_but_our_own_opens_anything_with_the_cookie(
    stand: Stand, path: str, headers: dict[str, str]
) -> None:
    async with httpx.AsyncClient(base_url=stand.http) as http:
        answer = await http.get(path, headers={**headers, "cookie": "a=b"})
    assert answer.status_code == 403
    assert stand.handler.handshakes == []


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "same-origin", "sec-fetch-dest": "empty"}])
async def test_our_own_page_and_programs_do(stand: Stand, headers: dict[str, str]) -> None:
    async with httpx.AsyncClient(base_url=stand.http) as http:
        for path in ("/poll", "/socket.io/?EIO=4&transport=polling"):
            assert (await http.get(path, headers={**headers, "cookie": "a=b"})).status_code == 200


async def test_another_page_s_websocket_opens_without_the_cookie(stand: Stand) -> None:
    """It may have a token."""
    for headers, kept in ((FOREIGN[0], False), (FOREIGN[3], False), ({"origin": stand.http}, True), ({}, True)):
        async with connect(stand.ws + "/ws", additional_headers={**headers, "cookie": "a=b"}):
            await stand.handler.until(lambda: bool(stand.handler.handshakes))
            assert ("cookie" in stand.handler.handshakes.pop().headers) is kept


async def test_a_named_origin_opens_with_the_cookie_and_the_asterisk_does_not() -> None:
    async with (
        running(GatewaySettings(allowed_origins=NAMED)) as stand,
        httpx.AsyncClient(base_url=stand.http) as http,
    ):
        named = await http.get("/poll", headers={"origin": "https://app.example", "cookie": "a=b"})
        assert named.status_code == 200
        assert named.headers["access-control-allow-credentials"] == "true"
        other = {"origin": "https://other.example"}
        assert (await http.get("/poll", headers={**other, "cookie": "a=b"})).status_code == 403
        without = await http.get("/poll", headers=other)
        assert without.status_code == 200
        assert without.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in without.headers
