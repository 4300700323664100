"""Who gets what: rooms, exclusions, senders, and members of every kind in one room."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import msgspec

from hubbub.realtime import Broadcast, Server, Socket

from .clients import Client, event
from .conftest import Stage
from .raw import hear

SENT_AWAY = {"io server disconnect", "server disconnect"}
"""How the JavaScript and the Python client call it."""


def named(server: Server) -> dict[str, Socket]:
    """Sockets say their names as auth; each is in the room of its name's first letter, too."""
    found: dict[str, Socket] = {}

    @server.event
    async def connect(socket: Socket, auth: Any) -> None:
        found[auth["name"]] = socket
        socket.join(auth["name"][0], "all")

    return found


async def three(stage: Stage, kind: str, transport: str) -> dict[str, Client]:
    return {name: await stage.connect(kind, transport, auth={"name": name}) for name in ("a1", "a2", "b1")}


async def reach(clients: dict[str, Client], broadcast: Broadcast) -> set[str]:
    """Whose it is, everybody once."""
    broadcast.emit("ping")
    for one in clients.values():
        assert await one.ask("done?") == "done"
    got = {name: [found[0] for found in one.reports.events()] for name, one in clients.items()}
    assert all(events in ([], ["ping"]) for events in got.values()), got
    return {name for name, events in got.items() if events}


async def test_who_gets_an_event(stage: Stage, kind: str, transport: str) -> None:
    server = stage.server
    sockets = named(server)
    server.on("done?")(lambda socket: "done")
    await stage.start()
    clients = await three(stage, kind, transport)
    a1 = sockets["a1"]
    assert await reach(clients, Broadcast(server)) == {"a1", "a2", "b1"}
    assert await reach(clients, server.to("a")) == {"a1", "a2"}
    assert await reach(clients, server.in_("a")) == {"a1", "a2"}
    assert await reach(clients, server.to("a", "all")) == {"a1", "a2", "b1"}
    assert await reach(clients, server.to("a").to("b")) == {"a1", "a2", "b1"}
    assert await reach(clients, server.except_("a")) == {"b1"}
    assert await reach(clients, server.to("all").except_("b")) == {"a1", "a2"}
    assert await reach(clients, server.to(a1.id)) == {"a1"}
    assert await reach(clients, server.to(a1.id, "a")) == {"a1", "a2"}
    assert await reach(clients, server.except_(a1.id)) == {"a2", "b1"}
    assert await reach(clients, server.to("nowhere")) == set()
    assert await reach(clients, a1.broadcast) == {"a2", "b1"}
    assert await reach(clients, a1.to("a")) == {"a2"}
    assert await reach(clients, a1.to("all").except_("b")) == {"a2"}
    assert await reach(clients, server.volatile) == {"a1", "a2", "b1"}
    assert await reach(clients, a1.volatile) == {"a1"}
    assert await reach(clients, a1.broadcast.volatile) == {"a2", "b1"}
    a1.leave("a")
    assert await reach(clients, server.to("a")) == {"a2"}
    sockets["b1"].join(a1.id)  # a room may have the name of a socket
    assert await reach(clients, server.to(a1.id)) == {"a1", "b1"}
    assert {one.id for one in server.sockets_in("a")} == {sockets["a2"].id}
    assert a1.rooms == {a1.id, "all"}
    server.disconnect_sockets("a")
    await clients["a2"].reports.next(report="disconnect")
    assert set(server.sockets) == {a1.id, sockets["b1"].id}


async def test_rooms_of_many_sockets_at_once(stage: Stage, kind: str, transport: str) -> None:
    server = stage.server
    sockets = named(server)
    server.on("done?")(lambda socket: "done")
    await stage.start()
    clients = await three(stage, kind, transport)
    a1, a2, b1 = (sockets[name] for name in ("a1", "a2", "b1"))
    server.to("a").sockets_join("x", "y")
    assert await reach(clients, server.to("x")) == {"a1", "a2"}
    assert set(server.to("x").except_(a2.id).sockets()) == {a1}
    assert set(a1.to("all").sockets()) == {a2, b1}
    a1.to("a").sockets_leave("x", "nowhere")
    assert await reach(clients, server.to("x")) == {"a1"}
    assert await reach(clients, server.to("y")) == {"a1", "a2"}
    server.sockets_join("z")
    assert await reach(clients, server.to("z")) == {"a1", "a2", "b1"}
    server.sockets_leave("y", "z")
    assert await reach(clients, server.to("y", "z")) == set()
    assert a2.rooms == {a2.id, "a", "all"}
    a1.to("all").except_("b").disconnect_sockets()
    assert (await clients["a2"].reports.next(report="disconnect"))["reason"] in SENT_AWAY
    assert set(server.sockets) == {a1.id, b1.id}


async def test_order_is_the_order_of_calls(stage: Stage, kind: str, transport: str) -> None:
    """To the room, to the socket, to everybody, with and without bytes: one line."""
    sockets = named(stage.server)
    await stage.start()
    client = await stage.connect(kind, transport, auth={"name": "a1"})
    server, socket = stage.server, sockets["a1"]
    for turn in range(5):
        server.to("a").emit("n", turn, 0)
        socket.emit("n", turn, 1)
        server.emit("n", turn, b"2")
        server.to("a").except_("b").emit("n", turn, 3)
        server.to("all").emit("n", turn, b"4")
    got = [await event(client, "n") for _ in range(25)]
    assert got == [(turn, value) for turn in range(5) for value in (0, 1, b"2", 3, b"4")]


async def test_members_of_every_kind_get_the_same(stage: Stage) -> None:
    """Both Socket.IO clients on every transport, raw JSON and raw MessagePack, text and bytes in one room."""

    @stage.server.event
    async def connect(socket: Socket) -> None:
        socket.join("r")

    @stage.server.on("say")
    def say(socket: Socket, *args: Any) -> None:
        socket.to("r").emit("said", *args)

    await stage.start()
    ways = [(kind, transport) for kind in ("js", "python") for transport in ("websocket", "polling", "upgrade")]
    members = [await stage.connect(kind, transport) for kind, transport in ways]
    raw = await stage.raw()
    compact = await stage.raw(subprotocols=["hubbub.v1.msgpack"])
    sender = await stage.connect("js", "polling")
    values = ("text", {"in": [b"\x00\xff", {"and": b""}]}, b"\x1e")
    await sender.emit("say", *values)
    await sender.emit("say", "plain", 1)
    for member in members:
        assert await event(member, "said") == values
        assert await event(member, "said") == ("plain", 1)
    text = [base64.b64encode(data).decode() for data in (b"\x00\xff", b"", b"\x1e")]
    assert await hear(raw) == {"type": "said", "args": ["text", {"in": [text[0], {"and": text[1]}]}, text[2]]}
    assert await hear(raw) == {"type": "said", "args": ["plain", 1]}
    assert msgspec.msgpack.decode(await compact.recv(decode=False)) == {"type": "said", "args": list(values)}
    assert not sender.reports.events()


async def test_a_member_that_upgrades_misses_nothing(stage: Stage) -> None:
    @stage.server.event
    async def connect(socket: Socket) -> None:
        socket.join("r")

    @stage.server.on("go")
    async def go(socket: Socket) -> None:
        for number in range(200):
            stage.server.to("r").emit("n", number, b"x" if number % 10 == 0 else None)
            await asyncio.sleep(0)

    await stage.start()
    for _ in range(5):
        client = stage.open("js", "upgrade")
        await client.reports.next(report="connect")  # the upgrade is still to come
        await client.emit("go")
        got = [(await event(client, "n"))[0] for _ in range(200)]
        assert got == list(range(200))
        await client.disconnect()
