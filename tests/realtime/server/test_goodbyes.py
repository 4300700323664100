"""Why the server ends a connection: said on each wire and transport before the end, whatever the code is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any, Protocol

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from hubbub.errors import CloseCode, Disconnect
from hubbub.realtime import GatewaySettings
from tests.realtime.conftest import Stand, running

SECONDS = 10
SOCKET = "/socket.io/?EIO=4&transport=websocket"
POLL = "/socket.io/?EIO=4&transport=polling"
CODES = [code for code in CloseCode if code is not CloseCode.NORMAL]
STAY_AWAY = {1002, 1003, 1007, 1008, 1009, 4500, 4501}


class Told(Protocol):
    """A client that is connected."""

    async def ask(self) -> None:
        """Listen from now on, if the transport has to ask."""

    async def goodbye(self) -> tuple[int, str]:
        """The code and reason that the client hears; raises unless it is told to stay away exactly when it should."""
        ...


class NativeSocket:
    def __init__(self, link: ClientConnection) -> None:
        self._link = link

    async def ask(self) -> None: ...

    async def goodbye(self) -> tuple[int, str]:
        heard = [message async for message in self._link_messages()]
        closed = self._link.protocol.close_rcvd
        assert closed is not None
        # an error says after how many seconds to come back, for which a close frame has no place
        assert len(heard) == (closed.code == CloseCode.RATE_LIMITED)
        return closed.code, closed.reason

    async def _link_messages(self) -> AsyncIterator[str | bytes]:
        with suppress(ConnectionClosed):
            while True:
                yield await self._link.recv()


class NativeStream:
    """Server-Sent Events."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines = lines

    async def ask(self) -> None: ...

    async def goodbye(self) -> tuple[int, str]:
        heard = [json.loads(line.removeprefix("data: ")) async for line in self._lines if line.startswith("data: ")]
        assert heard[-1]["type"] == "closing"
        return heard[-1]["code"], heard[-1]["reason"]


class NativePoll:
    def __init__(self, http: httpx.AsyncClient, url: str, *, waits: bool) -> None:
        self._http = http
        self._url = url
        self._waits = waits
        self._poll: asyncio.Task[httpx.Response] | None = None

    async def ask(self) -> None:
        if self._waits:
            self._poll = asyncio.create_task(self._http.get(self._url))

    async def goodbye(self) -> tuple[int, str]:
        answer = await (self._poll or self._http.get(self._url))
        return self._read(answer)

    def _read(self, answer: httpx.Response) -> tuple[int, str]:
        (closing,) = answer.json()
        assert closing["type"] == "closing"
        return closing["code"], closing["reason"]


class SocketIoPoll(NativePoll):
    def _read(self, answer: httpx.Response) -> tuple[int, str]:
        assert answer.status_code == 200
        return read_packets(answer.text.split("\x1e"))


class SocketIoSocket:
    def __init__(self, link: ClientConnection) -> None:
        self._link = link

    async def ask(self) -> None: ...

    async def goodbye(self) -> tuple[int, str]:
        packets: list[str] = []
        try:
            while True:
                packets.append(str(await self._link.recv()))
        except ConnectionClosed:
            code, reason = read_packets(packets)
        assert self._link.close_code == code
        return code, reason


def read_packets(packets: list[str]) -> tuple[int, str]:
    first, *rest = [packet for packet in packets if packet != "2"]
    name, closing = json.loads(first.removeprefix("42"))
    assert name == "closing"
    assert closing["reconnect"] is (closing["code"] not in STAY_AWAY)
    assert rest == ([] if closing["reconnect"] else ["41"])
    return closing["code"], closing["reason"]


async def open_client(kind: str, stand: Stand, stack: AsyncExitStack) -> Told:
    http = await stack.enter_async_context(httpx.AsyncClient(base_url=stand.http, timeout=SECONDS))
    if kind.startswith("native websocket"):
        protocols = [Subprotocol("hubbub.v1.msgpack")] if "msgpack" in kind else None
        return NativeSocket(await stack.enter_async_context(websocket(stand.ws + "/ws", subprotocols=protocols)))
    if kind == "native sse":
        response = await stack.enter_async_context(http.stream("GET", "/sse"))
        return NativeStream(response.aiter_lines())
    if kind.startswith("native polling"):
        key = (await http.get("/poll")).json()["key"]
        return NativePoll(http, f"/poll/{key}", waits="pending" in kind)
    if kind == "socketio websocket":
        link = await stack.enter_async_context(websocket(stand.ws + SOCKET))
        await link.recv()
        await link.send("40")
        assert str(await link.recv()).startswith("40")
        return SocketIoSocket(link)
    sid = json.loads((await http.get(POLL)).text[1:])["sid"]
    url = f"{POLL}&sid={sid}"
    await http.post(url, content="40")
    assert (await http.get(url)).text.startswith("40")
    return SocketIoPoll(http, url, waits="pending" in kind)


KINDS = [
    "native websocket",
    "native websocket msgpack",
    "native sse",
    "native polling, pending",
    "native polling, between two polls",
    "socketio websocket",
    "socketio polling, pending",
    "socketio polling, between two polls",
]


async def pending(stand: Stand, kind: str) -> None:
    if "pending" in kind:
        async with asyncio.timeout(SECONDS):
            while not stand.gateway.pending_polls():  # noqa: ASYNC110  the server has no event for it
                await asyncio.sleep(0.005)


@pytest.mark.parametrize("kind", KINDS)
async def test_each_code_is_told_on_each_wire_and_transport(stand: Stand, kind: str) -> None:
    for number, code in enumerate(CODES, start=1):
        async with AsyncExitStack() as stack:
            client = await open_client(kind, stand, stack)
            await stand.handler.until(lambda number=number: len(stand.handler.connections) == number)  # type: ignore[misc]
            await client.ask()
            await pending(stand, kind)
            stand.handler.connections[-1].disconnect(Disconnect(code, f"because of {code.name}"))
            async with asyncio.timeout(SECONDS):
                assert await client.goodbye() == (code, f"because of {code.name}")
    assert len(stand.handler.gone) == len(CODES)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_server_that_goes_down_says_so(kind: str) -> None:
    async with running(GatewaySettings()) as stand, AsyncExitStack() as stack:
        client = await open_client(kind, stand, stack)
        await client.ask()
        await pending(stand, kind)
        closing = asyncio.create_task(stand.gateway.close(0.5))
        async with asyncio.timeout(SECONDS):
            assert await client.goodbye() == (4000, "server restart")
        await closing


@pytest.mark.parametrize(
    ("frame", "code"),
    [("42" + "x" * 5000, 1009), ("7", 1002), ("", 1002), ("44{}", 1002), ('42["x"', 1002), (b"unannounced", 1002)],
    ids=lambda value: repr(value)[:12],
)
async def test_what_breaks_the_protocol_is_told_before_the_end(stand: Stand, frame: str | bytes, code: int) -> None:
    async with AsyncExitStack() as stack:
        client = await open_client("socketio websocket", stand, stack)
        assert isinstance(client, SocketIoSocket)
        await client._link.send(frame)
        async with asyncio.timeout(SECONDS):
            assert (await client.goodbye())[0] == code
    await stand.handler.until(lambda: stand.handler.gone == ["parse error"])


@pytest.mark.parametrize(
    ("body", "code", "status"), [("4" + "x" * 5000, 1009, 413), ("7", 1002, 400), ("42[", 1002, 200)], ids=repr
)
async def test_a_poll_that_is_pending_says_why_a_request_was_the_last(
    stand: Stand, body: str, code: int, status: int
) -> None:
    async with AsyncExitStack() as stack:
        client = await open_client("socketio polling, pending", stand, stack)
        assert isinstance(client, SocketIoPoll)
        await client.ask()
        await pending(stand, "pending")
        answer = await client._http.post(client._url, content=body)
        assert answer.status_code == status
        assert client._poll is not None
        assert client._poll.done() or status == 200  # it came first
        assert (await client.goodbye())[0] == code
        assert (await client._http.get(client._url)).json()["message"] == "Session ID unknown"


async def test_who_has_not_been_accepted_yet_is_told_by_a_refusal(stand: Stand) -> None:
    deciding, gate = asyncio.Event(), asyncio.Event()

    async def slowly(_: Any) -> None:
        deciding.set()
        await gate.wait()

    stand.handler.admit = slowly
    async with websocket(stand.ws + SOCKET) as link:
        await link.recv()
        await link.send("40")
        await deciding.wait()
        await link.send("7")
        body = json.loads(str(await link.recv()).removeprefix("44"))
        assert body["data"] == {"code": 1002, "reason": body["message"], "reconnect": False}
    gate.set()


async def test_last_words_are_kept_for_a_short_time_and_a_bounded_number(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hubbub.realtime.transports import context

    monkeypatch.setattr(context, "_SESSIONS_MAX", 2)
    kept = context.EndedSessions(asyncio.get_running_loop())
    for sid in ("a", "b", "c"):
        kept.keep(sid, sid.encode())
    assert [kept.take(sid) for sid in ("a", "b", "b", "c")] == [None, b"b", None, b"c"]
    monkeypatch.setattr(context, "ASK_SECONDS", 0)
    kept.keep("d", b"d")
    await asyncio.sleep(0.01)
    assert len(kept) == 0
