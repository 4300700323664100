"""Unmodified Socket.IO clients against a server of the toolkit in a process of its own, on every transport.

What each part does in detail is tested in tests/realtime/toolkit; here the whole is.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.toolkit.clients import TRANSPORTS, Client, Driver, JsClient, PythonClient, event

PROGRAM = Path(__file__).parent / "toolkit_program.py"


@pytest.fixture(scope="module")
def node() -> Iterator[Driver]:
    driver = Driver()
    yield driver
    driver.close()


@pytest.fixture(params=list(TRANSPORTS))
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["js", "python"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class World:
    """The server's process, and its clients."""

    def __init__(self, node: Driver) -> None:
        self.port = 0
        self._node = node
        self._process: Process | None = None
        self._python: list[PythonClient] = []

    async def start(self, *options: str) -> None:
        """On the port that it had before."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        arguments = [sys.executable, str(PROGRAM), str(self.port), *options]
        self._process = await asyncio.create_subprocess_exec(*arguments, stdout=PIPE, env=environment)
        assert self._process.stdout is not None
        self.port = int((await self._process.stdout.readline()).rpartition(b":")[2])

    async def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    def open(self, kind: str, transport: str, namespace: str = "/", **options: Any) -> Client:
        url, transports = f"http://127.0.0.1:{self.port}", TRANSPORTS[transport]
        if kind == "js":
            return JsClient(self._node, url, namespace, {"transports": transports, **options})
        client = PythonClient(namespace, options.get("answers", {}))
        self._python.append(client)
        client.open(url, transports, options.get("auth"))
        return client

    async def connect(self, kind: str, transport: str, namespace: str = "/", **options: Any) -> tuple[Client, str]:
        """A client that has arrived on its transport, and its id."""
        client = self.open(kind, transport, namespace, **options)
        report = await client.reports.next(report="connect")
        if kind == "js" and transport == "upgrade":
            await client.reports.next(report="upgraded")
        else:
            assert report["transport"] == TRANSPORTS[transport][-1]
        return client, report["sid"]

    async def close(self) -> None:
        await asyncio.to_thread(self._node.reset)
        for client in self._python:
            await client.close()
        await self.kill()


@pytest.fixture
async def world(node: Driver) -> AsyncIterator[World]:
    node.attach(asyncio.get_running_loop())
    world = World(node)
    yield world
    await world.close()


async def talk(client: Client) -> None:
    """Events and answers both ways, with and without bytes, with and without an answer."""
    values = ("ä 🙂", 1, 2.5, None, [True], b"\x00\x1e\xff", {"parts": [b"one", {"deep": b""}]})
    await client.emit("echo", *values)
    assert await event(client, "echo") == values
    for number in range(20):
        await client.emit("echo", number, b"x" if number % 3 == 0 else "x")
    assert [(await event(client, "echo"))[0] for _ in range(20)] == list(range(20))
    assert await client.ask("turn", b"abc") == {"turned": b"cba"}
    assert await client.ask("several") == ["a", 2, None]
    assert await client.ask("ask me", 10) == {"answer": [b"!"]}
    with pytest.raises(TimeoutError):
        await client.ask("nobody handles this", timeout_seconds=0.05)


ANSWERS = {"question": [{"answer": [b"!"]}], "vote": ["yes"]}


async def test_events_and_answers(world: World, kind: str, transport: str) -> None:
    await world.start()
    client, _ = await world.connect(kind, transport, auth={"name": "ada"}, answers=ANSWERS)
    assert await event(client, "welcome") == ("ada", b"\x01")
    await talk(client)
    if kind == "js":  # python-socketio's client answers whatever is asked
        silent, _ = await world.connect(kind, transport)
        assert await silent.ask("ask me", 0.05) == "no answer from 1"


async def test_namespaces_and_refusals(world: World, kind: str, transport: str) -> None:
    await world.start()
    refused = await world.open(kind, transport, auth={"refuse": [1, 2]}).reports.next(report="connect_error")
    assert (refused["message"], refused["data"]) == ("not you", {"code": "E1", "tries": [1, 2]})
    without = await world.open(kind, transport, "/admin").reports.next(report="connect_error")
    assert without["message"] == "no key"
    for unknown in ("/nowhere", "/table-x"):
        error = await world.open(kind, transport, unknown).reports.next(report="connect_error")
        assert error["message"] == "Invalid namespace"
    inside, _ = await world.connect(kind, transport, "/admin", auth={"key": "k"})
    assert await inside.ask("first", 1) == ["first", 1]
    assert await inside.ask("second", b"2") == ["first", "second", b"2"]
    table, _ = await world.connect(kind, transport, "/table-7")
    assert await table.ask("here") == "/table-7"


async def test_rooms(world: World, kind: str, transport: str) -> None:
    """The client under test and others, of the other kind and on the other transports, in the same rooms."""
    await world.start()
    ada, ada_id = await world.connect(kind, transport, auth={"name": "ada", "rooms": ["red"]}, answers=ANSWERS)
    bob, bob_id = await world.connect("js", "polling", auth={"name": "bob", "rooms": ["red", "blue"]}, answers=ANSWERS)
    eve, _ = await world.connect("js", "websocket", auth={"name": "eve", "rooms": ["blue"]})
    everybody = {"ada": ada, "bob": bob, "eve": eve}

    async def heard(what: Any) -> set[str]:
        for client in everybody.values():
            await client.ask("rooms")  # what was sent before has come before the answer
        got = {
            name: [args for event, *args in client.reports.events() if event == "said"]
            for name, client in everybody.items()
        }
        assert all(said in ([], [[what]]) for said in got.values()), got
        return {name for name, said in got.items() if said}

    await ada.ask("say", [], [], {"data": b"all others"})
    assert await heard({"data": b"all others"}) == {"bob", "eve"}
    await ada.ask("say", ["red"], [], 1)
    assert await heard(1) == {"bob"}
    await ada.ask("say", ["red", "blue"], [bob_id], 2)
    assert await heard(2) == {"eve"}
    await eve.ask("announce", ["red", "blue"], b"each once")
    assert await heard(b"each once") == {"ada", "bob", "eve"}
    await eve.ask("announce", [ada_id], "an id is a room")
    assert await heard("an id is a room") == {"ada"}
    await ada.emit("enter", "blue")
    await ada.emit("leave", "red")
    assert await ada.ask("rooms") == ["ada", ["blue"], False]
    await eve.ask("announce", ["red"], 3)
    assert await heard(3) == {"bob"}
    await eve.ask("point", 7)
    assert await event(ada, "pointer") == (7,)
    await ada.emit("enter", "red")
    assert await ada.ask("rooms") == ["ada", ["blue", "red"], False]
    assert await eve.ask("poll", "red", 10) == [["yes", "yes"], 0]
    assert await ada.ask("poll", "blue", 1) == [["yes", "yes"], 1]


async def test_both_sides_hear_how_it_ended(world: World, kind: str, transport: str) -> None:
    await world.start()
    witness, _ = await world.connect("js", "websocket")
    for end, ours, theirs in (
        ("client", "client namespace disconnect", "io client disconnect"),
        ("server", "server namespace disconnect", "io server disconnect"),
        ("network", "transport close", "forced close"),
    ):
        client, sid = await world.connect(kind, transport)
        match end:
            case "client":
                await client.disconnect()
            case "server":
                await client.emit("send me away")
            case _:
                await client.drop()
        reason = await witness.ask("why gone?", sid)
        # python-socketio's client may close the transport before its goodbye has been written
        assert reason == ours or (kind == "python" and end == "client" and reason == "transport close")
        if kind == "js":
            assert (await client.reports.next(report="disconnect"))["reason"] == theirs


@pytest.mark.parametrize("had_seen_something", [True, False])
async def test_a_client_comes_back_as_the_same_socket(
    world: World, transport: str, *, had_seen_something: bool
) -> None:
    """Connection state recovery of the unmodified socket.io-client. Each event has its offset as a last argument."""
    await world.start("recovery")
    witness, _ = await world.connect("js", "websocket")
    auth = {"name": "ada", "rooms": ["red"], "quiet": True}
    client, sid = await world.connect("js", transport, auth=auth, reconnectionDelay=300)
    if had_seen_something:
        await witness.ask("announce", [], "before")
        assert (await event(client, "said"))[0] == "before"
    await client.drop()
    assert await witness.ask("why gone?", sid) == "transport close"
    await witness.ask("announce", [], 1)
    await witness.ask("announce", ["red"], 2, {"x": [b"\x00"]})
    await witness.ask("announce", ["blue"], "not for it")
    await witness.ask("announce", [sid], 3)
    await witness.ask("point", 4)  # volatile events are not kept
    again = await client.reports.next(report="connect")
    assert (again["sid"], again["recovered"]) == (sid, True)
    assert await client.ask("rooms") == ["ada", ["red"], True]
    got = [one["args"][:-1] for one in [await client.reports.next(report="event", event="said") for _ in range(3)]]
    assert got == [[1], [2, {"x": [b"\x00"]}], [3]]
    await witness.ask("announce", ["red"], "live")
    assert (await event(client, "said"))[0] == "live"
    assert not client.reports.events()


async def test_a_server_that_was_killed_and_started_again(world: World, kind: str, transport: str) -> None:
    """Clients come back by themselves, as new ones: what recovery keeps is in memory. Everything works again."""
    options = ("recovery",) if kind == "js" else ()
    await world.start(*options)
    client, sid = await world.connect(kind, transport, auth={"name": "ada", "rooms": ["red"]}, answers=ANSWERS)
    await event(client, "welcome")
    await world.kill()
    await client.reports.next(report="disconnect")
    await world.start(*options)
    again = await client.reports.next(report="connect")
    assert not again["recovered"]
    assert again["sid"] != sid
    assert (await event(client, "welcome"))[:2] == ("ada", b"\x01")
    assert await client.ask("rooms") == ["ada", ["red"], False]
    if kind == "python":
        await talk(client)
        return
    assert await client.ask("turn", b"abc") == {"turned": b"cba"}
    assert await client.ask("ask me", 10) == {"answer": [b"!"]}
    # its secret and its offset are of the other run; those of this one count
    witness, _ = await world.connect("js", "websocket")
    await client.drop()
    await witness.ask("why gone?", again["sid"])
    await witness.ask("announce", ["red"], "missed")
    third = await client.reports.next(report="connect")
    assert (third["sid"], third["recovered"]) == (again["sid"], True)
    assert (await event(client, "said"))[0] == "missed"
