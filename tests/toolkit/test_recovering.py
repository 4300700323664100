"""Connection state recovery by the unmodified socket.io-client, whose transport is closed under it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hubbub.realtime import RecoverySettings, Server, Socket, serving

from .clients import Client
from .conftest import Stage

Settled = Callable[[Callable[[], bool]], Any]


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(stage: Stage, clock: Clock) -> Server:
    """Recovers for 60 seconds of the clock; sockets join "r" and remember their first name."""
    server = Server(recovery=RecoverySettings(seconds=60), now=clock)

    @server.event
    async def connect(socket: Socket, auth: Any) -> None:
        if not socket.recovered:
            socket.join("r")
            socket.data["number"] = auth["number"]

    return server


def cut(socket: Socket) -> None:
    """Close the transport of a socket on the server's side, without a word."""
    session = socket.connection.session  # type: ignore[attr-defined]
    if session.link is not None:
        session.link.transport.abort()
    else:
        session.close("transport close")


async def gone(server: Server, client: Client, sid: str, settled: Settled) -> None:
    """Cut the line and wait until both sides know."""
    cut(server.sockets[sid])
    await settled(lambda: sid not in server.sockets)


@pytest.mark.parametrize("had_seen_something", [True, False])
async def test_a_client_comes_back_as_the_same_socket(
    stage: Stage, server: Server, settled: Settled, transport: str, *, had_seen_something: bool
) -> None:
    await stage.start(server)
    client = stage.open("js", transport, auth={"number": 7}, reconnectionDelay=300)
    first = await client.reports.next(report="connect")
    if transport == "upgrade":
        await client.reports.next(report="upgraded")
    sid = first["sid"]
    assert not first["recovered"]
    if had_seen_something:
        server.emit("n", "before")
        await client.reports.next(report="event")
    await gone(server, client, sid, settled)
    server.emit("n", 1)
    server.to("r").emit("n", 2, {"x": [b"\x00"]})
    server.to("other").emit("n", "not for it")
    server.to(sid).emit("n", 3)
    server.except_("r").emit("n", "nor this")
    server.volatile.emit("n", "nor what is volatile")
    second = await client.reports.next(report="connect")
    assert (second["sid"], second["recovered"]) == (sid, True)
    socket = server.sockets[sid]
    assert (socket.recovered, socket.rooms, socket.data) == (True, frozenset({sid, "r"}), {"number": 7})
    server.to("r").emit("n", "live")
    missed = [1], [2, {"x": [b"\x00"]}], [3], ["live"]  # the last argument is the offset
    for expected in missed:
        assert (await client.reports.next(report="event"))["args"][:-1] == expected
    assert not client.reports.events()


async def test_again_and_again(stage: Stage, server: Server, settled: Settled) -> None:
    await stage.start(server)
    client = stage.open("js", "websocket", auth={"number": 7})
    sid = (await client.reports.next(report="connect"))["sid"]
    for turn in range(4):
        await gone(server, client, sid, settled)
        server.emit("n", turn)
        assert (await client.reports.next(report="connect"))["recovered"]
        await client.reports.next(report="event", args=[turn, server.running.recovery.offset])  # type: ignore[union-attr]
    assert not client.reports.events()


async def test_too_late_is_a_new_socket(stage: Stage, server: Server, clock: Clock, settled: Settled) -> None:
    await stage.start(server)
    client = stage.open("js", "websocket", auth={"number": 7}, reconnectionDelay=300)
    sid = (await client.reports.next(report="connect"))["sid"]
    await gone(server, client, sid, settled)
    server.emit("n", "missed")
    clock.seconds += 61
    second = await client.reports.next(report="connect")
    assert second["sid"] != sid
    assert not second["recovered"]
    server.emit("n", "live")
    await client.reports.next(report="event")
    assert not client.reports.events()


async def test_who_says_goodbye_or_is_sent_away_is_new(stage: Stage, server: Server, settled: Settled) -> None:
    await stage.start(server)
    client = stage.open("js", "websocket", auth={"number": 7})
    sid = (await client.reports.next(report="connect"))["sid"]
    await client.disconnect()
    await settled(lambda: not server.sockets)
    await client.connect()  # type: ignore[attr-defined]
    second = await client.reports.next(report="connect")
    assert not second["recovered"]
    server.sockets[second["sid"]].disconnect()
    await client.reports.next(report="disconnect", reason="io server disconnect")
    await client.connect()  # type: ignore[attr-defined]
    third = await client.reports.next(report="connect")
    assert not third["recovered"]
    assert len({sid, second["sid"], third["sid"]}) == 3


async def test_a_client_that_is_back_before_it_was_missed(stage: Stage, server: Server) -> None:
    """Its old connection is still open here, as after a change of networks."""
    await stage.start(server)
    reasons: list[str] = []
    server.on("disconnect")(lambda socket, reason: reasons.append(reason))
    client = stage.open("js", "websocket", auth={"number": 7})
    sid = (await client.reports.next(report="connect"))["sid"]
    link = server.sockets[sid].connection.session.link  # type: ignore[attr-defined]
    link.transport.pause_reading()  # what the client says about its leaving is not heard
    await client.drop()
    await client.reports.next(report="disconnect")
    server.emit("n", "into the void")
    second = await client.reports.next(report="connect")
    assert (second["sid"], second["recovered"]) == (sid, True)
    assert reasons == ["forced server close"]
    assert set(server.sockets) == {sid}
    await client.reports.next(report="event", event="n")
    assert not client.reports.events()


async def test_a_namespace_of_its_own(stage: Stage, server: Server, settled: Settled) -> None:
    """Two namespaces on one session come back as the sockets that they were."""
    other = server.of("/other")
    await stage.start(server)
    main = stage.open("js", "websocket", auth={"number": 1}, reconnectionDelay=300)
    sid = (await main.reports.next(report="connect"))["sid"]
    beside = stage.open("js", "websocket", "/other", beside=main)
    other_sid = (await beside.reports.next(report="connect"))["sid"]
    await gone(server, main, sid, settled)
    other.emit("n", "other")
    server.emit("n", "main")
    again = await main.reports.next(report="connect"), await beside.reports.next(report="connect")
    assert [(one["sid"], one["recovered"]) for one in again] == [(sid, True), (other_sid, True)]
    assert (await main.reports.next(report="event"))["args"][0] == "main"
    assert (await beside.reports.next(report="event"))["args"][0] == "other"


async def test_after_a_restart_everybody_is_new(stage: Stage) -> None:
    async with serving(Server(recovery=RecoverySettings()), grace_seconds=0.2) as port:
        stage.port = port
        client = stage.open("js", "websocket")
        sid = (await client.reports.next(report="connect"))["sid"]
    await client.reports.next(report="disconnect")
    await stage.start(Server(recovery=RecoverySettings()), port=port)
    second = await client.reports.next(report="connect")
    assert second["sid"] != sid
    assert not second["recovered"]
    # its secret and its offset are of the other run; those of this one count
    (socket,) = stage.server.sockets.values()
    cut(socket)
    third = await client.reports.next(report="connect")
    assert (third["sid"], third["recovered"]) == (second["sid"], True)
