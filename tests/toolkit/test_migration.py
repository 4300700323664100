"""The migration guide is true: every call in its tables has a test of its counterpart.

To add a row: write it in docs/migrate-from-python-socketio.md, and add its counterpart's test to `COVERED`.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import engineio
import httpx
import pytest
import socketio

from hubbub.errors import BadField
from hubbub.realtime import ConnectionRefused, GatewaySettings, Server, Socket, serving

from . import test_connecting, test_events, test_rooms, test_serving
from .clients import Client, event
from .conftest import Stage

DOCS = Path(__file__).parents[2] / "docs"


def only(stage: Stage) -> Socket:
    (socket,) = stage.server.sockets.values()
    return socket


async def two(stage: Stage, **options: Any) -> tuple[Client, Client, Socket]:
    """Two clients, and the first one's socket."""
    await stage.start()
    first = await stage.connect("python", "websocket", **options)
    socket = only(stage)
    return first, await stage.connect("python", "websocket"), socket


async def test_settings(stage: Stage) -> None:
    settings = GatewaySettings(
        heartbeat_seconds=7, heartbeat_timeout_seconds=3, message_bytes=1234, allowed_origins=("https://a.example",)
    )
    await stage.start(Server(settings))
    async with httpx.AsyncClient(base_url=stage.url) as http:
        headers = {"Origin": "https://a.example"}
        answer = await http.get("/socket.io/?EIO=4&transport=polling", headers=headers)
    assert '"pingInterval":7000,"pingTimeout":3000,"maxPayload":1234' in answer.text
    assert answer.headers["access-control-allow-origin"] == "https://a.example"


async def test_cookie_and_path(stage: Stage) -> None:
    await stage.start(Server(GatewaySettings(engine_cookie="io", engine_path="/x/")))
    async with httpx.AsyncClient(base_url=stage.url) as http:
        answer = await http.get("/x/?EIO=4&transport=polling")
        assert (await http.get("/socket.io/?EIO=4&transport=polling")).status_code == 404
    assert answer.headers["set-cookie"].startswith("io=")


async def test_logs(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    await stage.start()
    with caplog.at_level(logging.DEBUG, "hubbub.realtime"):
        client = await stage.session("websocket")
        await client.send("44{}")
        assert await client.ended()
    assert "ending an Engine.IO session" in caplog.text


async def test_a_class_of_handlers(stage: Stage) -> None:
    seen: list[str] = []

    class Chat:
        async def on_connect(self, socket: Socket) -> None:
            socket.emit("hello", socket.namespace.name)

        def on_shout(self, socket: Socket, text: str) -> str:
            return text.upper()

        def on_any(self, socket: Socket, event: str, *args: Any) -> None:
            seen.append(event)

    namespace = stage.server.of("/n")
    namespace.register(Chat())
    await stage.start()
    client = await stage.connect("python", "websocket", "/n")
    assert await event(client, "hello") == ("/n",)
    assert await client.ask("shout", "a") == "A"
    assert seen == ["shout"]
    namespace.emit("e", 1)
    assert await event(client, "e") == (1,)


async def test_any_namespace(stage: Stage) -> None:
    stage.server.of(re.compile("/.*")).on("name")(lambda socket: socket.namespace.name)
    await stage.start()
    client = await stage.connect("python", "websocket", "/whatever")
    assert await client.ask("name") == "/whatever"


async def test_emits(stage: Stage) -> None:
    first, second, socket = await two(stage)
    server = stage.server
    socket.join("r")
    server.emit("to all", 1)
    server.emit("two", 1, 2)
    server.emit("message", "sent")
    socket.emit("own", 1)
    server.to(socket.id).emit("by id", 1)
    server.to("r").emit("room", 1)
    server.to("r", "s").emit("rooms", 1)
    socket.to("r").emit("not me", 1)
    server.to("r").except_(socket.id).emit("not me either", 1)
    socket.broadcast.emit("others", 1)
    server.emit("end")
    await event(first, "end")
    await event(second, "end")
    both = [("to all", 1), ("two", 1, 2), ("message", "sent")]
    assert first.reports.events() == [*both, ("own", 1), ("by id", 1), ("room", 1), ("rooms", 1)]
    assert second.reports.events() == [*both, ("others", 1)]


async def test_calls(stage: Stage) -> None:
    _, _, socket = await two(stage, answers={"e": [5]})
    got: list[Any] = []
    got.append(await socket.call("e", "data"))
    got.append(await stage.server.sockets[socket.id].call("e", "data", timeout=60))
    assert got == [5, 5]
    with pytest.raises(TimeoutError):  # NoAnswer is one
        await socket.call("silence", timeout=0)


async def test_rooms_of_a_socket(stage: Stage) -> None:
    _, _, socket = await two(stage)
    socket.join("r", "s")
    assert socket.rooms == {socket.id, "r", "s"}
    assert stage.server.sockets_in("r") == [socket]
    socket.leave("s")
    assert socket.id in stage.server.of("/").sockets
    stage.server.to("r").sockets_leave("r")
    assert socket.rooms == {socket.id}
    assert stage.server.sockets_in("r") == []


async def test_what_a_socket_knows(stage: Stage) -> None:
    @stage.server.event
    async def connect(socket: Socket, auth: Any) -> None:
        socket.data["user"] = auth["user"]

    stage.server.on("who")(lambda socket: [socket.data["user"], socket.id, socket.namespace.name, socket.transport])
    await stage.start()
    client = await stage.connect("python", "websocket", auth={"user": "ada"})
    socket = only(stage)
    assert await client.ask("who") == ["ada", socket.id, "/", "websocket"]
    assert parse_qs(socket.handshake.query)["EIO"] == ["4"]
    assert "python" in socket.handshake.headers["user-agent"].lower()
    assert stage.server.gateway.census()["socketio", "websocket"] == 1
    socket.disconnect()
    await client.reports.next(report="disconnect")


async def test_background_tasks(stage: Stage) -> None:
    async def tick() -> None:
        await asyncio.sleep(0)
        stage.server.emit("tick")

    await stage.start()
    client = await stage.connect("python", "websocket")
    task = asyncio.create_task(tick())
    assert await event(client, "tick") == ()
    await task


async def test_messages_and_errors_in_my_own_words(stage: Stage) -> None:
    @stage.server.on("message")
    async def message(socket: Socket, data: Any) -> Any:
        if data == "bad":
            raise BadField("Not this.")
        return data

    stage.server.on("json")(lambda socket, data: data["a"])
    await stage.start()
    client = await stage.connect("python", "websocket")
    assert await client.ask("message", "x") == "x"
    assert await client.ask("json", {"a": 1}) == 1
    assert (await client.ask("message", "bad"))["error"]["message"] == "Not this."


async def test_refusing(stage: Stage) -> None:
    @stage.server.event
    def connect(socket: Socket, auth: Any) -> bool:
        if auth == {"raise": True}:
            raise ConnectionRefused("no", [1])
        return False

    await stage.start()
    one = stage.open("python", "websocket", auth={"raise": True})
    error = await one.reports.next(report="connect_error")
    assert (error["message"], error["data"]) == ("no", [1])
    await stage.open("python", "websocket").reports.next(report="connect_error")


async def test_serving_for_tests_and_closing() -> None:
    server = Server()
    async with serving(server) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        assert (await http.get("/socket.io/?EIO=4&transport=polling")).status_code == 200
        await server.close(0)
        assert (await http.get("/socket.io/?EIO=4&transport=polling")).status_code == 503


Test = Callable[..., Any]

COVERED: dict[str, Test] = {
    # python-socketio
    "socketio.AsyncServer(ping_interval=, ping_timeout=, max_http_buffer_size=)": test_settings,
    "AsyncServer(cors_allowed_origins=[…])": test_settings,
    "socketio.ASGIApp(sio, app)": test_serving.test_beside_an_application_on_one_port,
    'AsyncServer(cookie="io")': test_cookie_and_path,
    "AsyncServer(namespaces=[…])": test_connecting.test_an_unknown_namespace,
    "AsyncServer(logger=True, engineio_logger=True)": test_logs,
    "@sio.event": test_connecting.test_a_client_connects_with_its_auth,
    '@sio.on("name")': test_events.test_several_arguments_both_ways,
    '@sio.on("*")': test_events.test_catch_all_and_middleware_of_a_socket,
    '@sio.on("name", namespace="/n")': test_connecting.test_each_namespace_has_its_own_middleware_and_handlers,
    '@sio.on("name", namespace="*")': test_any_namespace,
    "class Chat(socketio.AsyncNamespace)": test_a_class_of_handlers,
    "async def trigger_event(self, event, *args)": test_a_class_of_handlers,
    "connect(sid, environ, auth)": test_what_a_socket_knows,
    "raise ConnectionRefusedError(…)": test_refusing,
    "disconnect(sid, reason)": test_connecting.test_both_sides_hear_the_reason,
    'await sio.emit("e", data)': test_emits,
    'await sio.emit("e", (a, b))': test_emits,
    'await sio.emit("e", data, to=sid)': test_emits,
    'await sio.emit("e", data, room="r")': test_emits,
    'await sio.emit("e", data, room=["r", "s"])': test_emits,
    'await sio.emit("e", data, room="r", skip_sid=sid)': test_emits,
    'await sio.emit("e", data, namespace="/n")': test_a_class_of_handlers,
    'await sio.emit("e", data, to=sid, callback=f)': test_calls,
    "await sio.send(data)": test_emits,
    'await sio.call("e", data, to=sid, timeout=60)': test_calls,
    "return a, b": test_events.test_answers_to_the_client,
    'await sio.enter_room(sid, "r")': test_rooms_of_a_socket,
    'await sio.leave_room(sid, "r")': test_rooms_of_a_socket,
    'await sio.close_room("r")': test_rooms_of_a_socket,
    "sio.rooms(sid)": test_rooms_of_a_socket,
    'sio.manager.get_participants("/", "r")': test_rooms_of_a_socket,
    'sio.manager.is_connected(sid, "/n")': test_rooms_of_a_socket,
    'sio.manager.get_rooms(sid, "/n")': test_rooms_of_a_socket,
    "await sio.get_session(sid)": test_what_a_socket_knows,
    "sio.get_environ(sid)": test_what_a_socket_knows,
    "sio.transport(sid)": test_what_a_socket_knows,
    "await sio.disconnect(sid)": test_what_a_socket_knows,
    "await sio.shutdown()": test_serving_for_tests_and_closing,
    # Node.js
    'io.socketsJoin("r")': test_rooms.test_rooms_of_many_sockets_at_once,
    'io.in("a").socketsLeave("b")': test_rooms.test_rooms_of_many_sockets_at_once,
    'io.in("a").disconnectSockets()': test_rooms.test_rooms_of_many_sockets_at_once,
    'await io.in("a").fetchSockets()': test_rooms.test_rooms_of_many_sockets_at_once,
    'socket.timeout(ms).emitWithAck("e")': test_calls,
    "io.of(/^\\/game-\\d+$/)": test_any_namespace,
    "socket.onAny(f)": test_events.test_catch_all_and_middleware_of_a_socket,
    # Flask-SocketIO
    "SocketIO(app)": test_serving.test_beside_an_application_on_one_port,
    '@socketio.on("name")': test_events.test_several_arguments_both_ways,
    '@socketio.on("message")': test_messages_and_errors_in_my_own_words,
    'emit("e", data)': test_emits,
    'emit("e", data, broadcast=True)': test_emits,
    'emit("e", data, broadcast=True, include_self=False)': test_emits,
    'emit("e", data, to="r")': test_emits,
    'emit("e", data, callback=f)': test_calls,
    "send(data)": test_emits,
    'socketio.emit("e", data)': test_emits,
    'socketio.call("e", data, to=sid)': test_calls,
    'join_room("r")': test_rooms_of_a_socket,
    "rooms()": test_rooms_of_a_socket,
    "request.sid": test_what_a_socket_knows,
    "request.namespace": test_what_a_socket_knows,
    "request.args": test_what_a_socket_knows,
    "session": test_what_a_socket_knows,
    "disconnect()": test_what_a_socket_knows,
    "@socketio.on_error": test_messages_and_errors_in_my_own_words,
    "socketio.start_background_task(f)": test_background_tasks,
    "socketio.test_client(app)": test_serving_for_tests_and_closing,
    "socketio.stop()": test_serving.test_cancelling_serve_stops_it,
}
"""The first call of each row, and what shows that its counterpart does it. See also test_rooms.py for who gets what."""


PAGE = (DOCS / "migrate-from-python-socketio.md").read_text(encoding="utf-8")
POSITIONAL = {"self", "sid", "event", "data", "kwargs"}
ABSENT = "### Not here, and why"


def rows(text: str) -> list[str]:
    """The first cells of a text's tables."""
    return re.findall(r"^\| (`.+?) \| ", text, re.MULTILINE)


def test_every_row_is_covered() -> None:
    """But for those that say why there is no counterpart."""
    sections = re.split(r"^(?=##)", PAGE, flags=re.MULTILINE)
    present = "".join(section for section in sections if not section.startswith(ABSENT))
    assert [row.split("`")[1] for row in rows(present)] == list(COVERED)


@pytest.mark.parametrize("kind", [socketio.AsyncServer, socketio.AsyncNamespace, socketio.AsyncManager])
def test_every_public_method_is_named(kind: type) -> None:
    """Of the python-socketio that is installed: a version with more of them fails here."""
    owner = r"sio\.manager\." if kind is socketio.AsyncManager else r"sio\."
    named = set(re.findall(rf"\b{owner}(\w+)", " ".join(rows(PAGE))))
    named |= set(re.findall(r"async def (\w+)\(self", " ".join(rows(PAGE))))
    assert {name for name in dir(kind) if not name.startswith("_")} - named == set()


@pytest.mark.parametrize(
    "call",
    [socketio.AsyncServer, engineio.AsyncServer, *(vars(socketio.AsyncServer)[name] for name in ("emit", "call"))],
)
def test_every_option_is_named(call: Callable[..., Any]) -> None:
    """What may be said to a server, and when emitting; those that are positional in the rows are in `POSITIONAL`."""
    named = set(re.findall(r"\b(\w+)=", " ".join(rows(PAGE)))) | POSITIONAL
    assert set(inspect.signature(call).parameters) - named == set()


@pytest.mark.parametrize("name", ["toolkit.md", "migrate-from-python-socketio.md"])
def test_the_examples_of_the_pages_run(name: str) -> None:
    """All but their `run`, which stands behind `__main__`."""
    blocks = re.findall(r"^```python\n(.*?)^```", (DOCS / name).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        exec(compile(block, name, "exec"), {"__name__": "page"})
