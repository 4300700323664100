"""What the log says of clients: a line with the peer and the reason, few of a kind, and nobody else's fault."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect as websocket
from websockets.exceptions import InvalidStatus

from hubbub.realtime import GatewaySettings, NoAnswer, Server, Socket
from hubbub.realtime.core.throttled_log import LINES, ThrottledLog

from .conftest import Stage
from .raw import hear, say
from .sessions import Session


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "hubbub")
    return caplog


def lines(log: pytest.LogCaptureFixture, text: str) -> list[str]:
    return [record.getMessage() for record in log.records if text in record.getMessage()]


async def test_refused_handshakes(stage: Stage, log: pytest.LogCaptureFixture) -> None:
    await stage.start()
    with pytest.raises(InvalidStatus):
        await websocket(f"ws://127.0.0.1:{stage.port}/nowhere")
    (line,) = lines(log, "refused a request of 127.0.0.1: 404")
    assert "WebSockets are at /ws" in line
    async with httpx.AsyncClient(base_url=stage.url) as http:
        await http.get("/socket.io/?EIO=3&transport=polling")
        assert lines(log, "refused a request of 127.0.0.1: Unsupported protocol version")
        for _ in range(3 * LINES):
            await http.get("/socket.io/?EIO=3&transport=polling")
    assert len(lines(log, "refused a request")) == LINES
    assert {record.levelno for record in log.records if "refused" in record.getMessage()} == {logging.INFO}


@pytest.mark.parametrize("way", ["websocket", "polling"])
async def test_broken_packets(stage: Stage, way: str, log: pytest.LogCaptureFixture) -> None:
    await stage.start()
    session = await stage.session(way)
    await session.send("44{}")
    assert await session.ended()
    assert lines(log, "ending an Engine.IO session of 127.0.0.1: ") == [
        "ending an Engine.IO session of 127.0.0.1: not connected"
    ]


async def test_a_client_with_another_parser(stage: Stage, log: pytest.LogCaptureFixture) -> None:
    await stage.start()
    session: Session = await stage.session("websocket", connected=False)
    await session.send(msgspec.msgpack.encode({"type": 0, "nsp": "/"}))
    assert await session.ended()
    assert lines(log, "only the default parser is spoken")


async def test_a_client_that_never_connects(stage: Stage, log: pytest.LogCaptureFixture) -> None:
    await stage.start(Server(GatewaySettings(handshake_seconds=0.1)))
    session = await stage.session("websocket", connected=False)
    assert await session.ended()
    assert lines(log, "has not connected to a namespace in time")


async def test_frames_that_are_none(stage: Stage, log: pytest.LogCaptureFixture) -> None:
    await stage.start()
    client = await stage.raw()
    client.transport.write(b"\x81\x02hi")
    await client.wait_closed()
    assert lines(log, "closing a WebSocket of 127.0.0.1: 1002 frame not masked")


async def test_a_middleware_s_failure_is_not_the_handler_s(stage: Stage, log: pytest.LogCaptureFixture) -> None:
    server = stage.server

    @server.use
    def look(socket: Socket) -> None:
        if "bad" in socket.handshake.query:
            raise KeyError("in the middleware")

    @server.event
    def connect(socket: Socket) -> None:
        if "worse" in socket.handshake.query:
            raise KeyError("in the handler")

        def watch(name: str, args: list[Any]) -> None:
            raise KeyError("in the event's")

        socket.use(watch)

    server.on("ask")(lambda socket: 1)
    await stage.start()
    for query, whose in (("?bad", "a middleware of / failed"), ("?worse", "the connect handler of / failed")):
        client = await stage.raw(query)
        assert (await hear(client))["error"]["code"] == "internal"
        assert len(lines(log, whose)) == 1
    client = await stage.raw()
    await say(client, "ask", ref=1)
    assert (await hear(client))["error"]["code"] == "internal"
    assert lines(log, "a middleware of 'ask' failed")
    assert not lines(log, "handler of 'ask'")


@pytest.mark.parametrize("leaves", [True, False])
async def test_a_client_that_leaves_has_not_been_too_slow(
    stage: Stage, settled: Any, log: pytest.LogCaptureFixture, *, leaves: bool
) -> None:
    failures: list[NoAnswer] = []

    @stage.server.event
    async def start(socket: Socket) -> None:
        try:
            await socket.call("question", timeout=20 if leaves else 0.05)
        except NoAnswer as failure:
            failures.append(failure)
            raise

    await stage.start()
    client = await stage.raw()
    await say(client, "start")
    assert (await hear(client))["type"] == "question"
    if leaves:
        await client.close()
    await settled(lambda: bool(lines(log, "the handler of 'start' has no answer")))
    (failure,) = failures
    if leaves:
        assert (failure.left, str(failure)) == (1, "1 of 1 left before answering")
    else:
        assert (failure.left, str(failure)) == (0, "1 of 1 did not answer in time")
    assert all(record.exc_info is None for record in log.records)


async def test_who_is_gone_already_is_not_asked(stage: Stage, settled: Any) -> None:
    await stage.start()
    client = await stage.raw()
    await settled(lambda: bool(stage.server.sockets))
    (socket,) = stage.server.sockets.values()
    await client.close()
    await settled(lambda: not socket.connected)
    with pytest.raises(NoAnswer, match="1 of 1 left before answering"):
        await socket.call("question")


async def test_wrong_types_of_one_client_cost_one_traceback(stage: Stage, log: pytest.LogCaptureFixture) -> None:
    server = stage.server
    server.on("double")(lambda socket, number: number + 1)
    server.on("other")(lambda socket, number: number["x"])

    @server.on("unsendable")
    async def unsendable(socket: Socket, _: Any) -> object:
        return object()

    await stage.start()
    client = await stage.raw()
    for name in ("double", "other", "unsendable"):
        for ref in range(20):
            await say(client, name, "text", ref=ref)
            assert (await hear(client))["error"]["code"] == "internal"
    errors = [record.getMessage() for record in log.records if record.levelno >= logging.ERROR]
    assert errors == [
        "the handler of 'double' failed",
        "the handler of 'other' failed",
        "the answer to 'unsendable' can't be sent",
    ]


def test_what_was_left_out_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    now = [0.0]
    logger = logging.getLogger("tests.notices")
    throttled_log = ThrottledLog(lambda: now[0], lines=2, window_seconds=10)
    for number in range(5):
        throttled_log.info(logger, "a", "line %d", number)
    throttled_log.info(logger, "b", "other")
    now[0] = 10
    throttled_log.info(logger, "a", "line %d", 5)
    now[0] = 30
    throttled_log.info(logger, "a", "line %d", 6)
    assert [record.getMessage() for record in caplog.records] == [
        "line 0",
        "line 1",
        "other",
        "line 5 (3 more before it)",
        "line 6",
    ]
    for number in range(3000):  # kinds that somebody invents
        throttled_log.info(logger, str(number), "x")
    assert len(throttled_log._windows) <= 1000
