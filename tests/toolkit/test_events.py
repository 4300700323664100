"""Events and answers in both directions, binary included, with unmodified clients on every transport."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from hubbub.errors import BadField
from hubbub.realtime import NoAnswer, Socket

from .clients import event
from .conftest import Stage
from .raw import answer, hear


def only(stage: Stage) -> Socket:
    (socket,) = stage.server.sockets.values()
    return socket


async def test_several_arguments_both_ways(stage: Stage, kind: str, transport: str) -> None:
    @stage.server.on("chat message")
    async def chat(socket: Socket, *args: Any) -> None:
        socket.emit("back", *args)

    await stage.start()
    client = await stage.connect(kind, transport)
    values = ("ä 🙂", 1, 2.5, None, True, [1, [2]], {"a": {"b": "c"}})
    await client.emit("chat message", *values)
    assert await event(client, "back") == values
    await client.emit("chat message")
    assert await event(client, "back") == ()


class Counter:
    """Handlers that belong together, with what they share."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.total = 0

    async def on_connect(self, socket: Socket, auth: Any) -> None:
        socket.data["step"] = auth["step"]

    def on_add(self, socket: Socket, times: int) -> int:
        self.total += times * socket.data["step"]
        return self.total

    async def on_reset(self, socket: Socket) -> None:
        self.total = 0

    def on_any(self, socket: Socket, name: str, *args: Any) -> None:
        self.seen.append(name)

    def on_disconnect(self, socket: Socket, reason: str) -> None:
        self.seen.append(reason)


async def test_the_methods_of_an_object(stage: Stage, kind: str, transport: str, settled: Any) -> None:
    counter = stage.server.of("/counter").register(Counter())
    await stage.start()
    client = await stage.connect(kind, transport, "/counter", auth={"step": 2})
    assert await client.ask("add", 3) == 6
    assert await client.ask("add", 1) == 8
    assert await client.ask("reset") is None
    assert await client.ask("add", 1) == 2
    await client.disconnect()
    await settled(lambda: len(counter.seen) == 5)
    assert counter.seen[:-1] == ["add", "add", "reset", "add"]
    assert counter.seen[-1] in {"client namespace disconnect", "transport close"}  # the Python client may be too fast


async def test_binary_both_ways(stage: Stage, kind: str, transport: str) -> None:
    """Nested, several attachments; bytes go out as bytes, whatever the transport."""
    seen: list[Any] = []

    @stage.server.on("file")
    def file(socket: Socket, *args: Any) -> None:
        seen.append(args)
        socket.emit("file", *args)

    await stage.start()
    client = await stage.connect(kind, transport)
    values = (b"\x00\x1e\xff", {"name": "x", "parts": [b"one", {"deep": b""}]}, "text")
    await client.emit("file", *values)
    assert await event(client, "file") == values
    assert seen == [values]
    stage.server.emit("views", bytearray(b"a"), memoryview(b"b"), (b"c", 1))
    assert await event(client, "views") == (b"a", b"b", [b"c", 1])


async def test_answers_to_the_client(stage: Stage, kind: str, transport: str) -> None:
    server = stage.server
    server.on("nothing")(lambda socket: None)
    server.on("one")(lambda socket, x: x + 1)
    server.on("several")(lambda socket: ("a", 2, None))
    server.on("bytes")(lambda socket, data: {"got": data[::-1]})

    @server.on("later")
    async def later(socket: Socket) -> str:
        await asyncio.sleep(0)
        return "later"

    await stage.start()
    client = await stage.connect(kind, transport)
    assert await client.ask("nothing") is None
    assert await client.ask("one", 41) == 42
    assert await client.ask("several") == ["a", 2, None]
    assert await client.ask("later") == "later"
    assert await client.ask("bytes", b"abc") == {"got": b"cba"}


async def test_answers_from_the_client(stage: Stage, kind: str, transport: str) -> None:
    await stage.start()
    answers = {"one": [1], "two": ["a", {"b": 2}], "none": [], "bytes": [{"x": [b"\x00\xff"]}]}
    await stage.connect(kind, transport, answers=answers)
    socket = only(stage)
    assert await socket.call("one", "question") == 1
    assert await socket.call("two") == ["a", {"b": 2}]
    assert await socket.call("none") is None
    assert await socket.call("bytes", b"binary question") == {"x": [b"\x00\xff"]}


async def test_a_client_that_does_not_answer(stage: Stage, transport: str) -> None:
    await stage.start()
    client = await stage.connect("js", transport)
    with pytest.raises(NoAnswer) as none:
        await only(stage).call("silence", timeout=0.05)
    assert (none.value.answers, none.value.missing) == ([], 1)
    assert len(stage.server.running.answers) == 0
    asking = asyncio.create_task(only(stage).call("leave"))
    await event(client, "leave")
    await client.disconnect()
    with pytest.raises(NoAnswer):
        await asking
    assert len(stage.server.running.answers) == 0


async def test_a_server_that_does_not_answer(stage: Stage, kind: str, transport: str) -> None:
    await stage.start()
    client = await stage.connect(kind, transport)
    with pytest.raises(TimeoutError):
        await client.ask("nobody handles this", timeout_seconds=0.05)


async def test_asking_many(stage: Stage, transport: str) -> None:
    """One packet asks a room; who does not answer is counted."""
    stage.server.event(connect)
    await stage.start()
    await stage.connect("js", transport, answers={"vote": ["yes"]})
    await stage.connect("python", transport, answers={"vote": [b"no"]})
    raw = await stage.raw()
    asking = asyncio.create_task(stage.server.to("voters").call("vote", "now?"))
    await answer(raw, "vote", "perhaps")
    assert sorted(map(str, await asking)) == sorted(map(str, ["yes", b"no", "perhaps"]))
    with pytest.raises(NoAnswer) as none:
        await stage.server.to("voters").call("vote", timeout=0.2)
    assert none.value.missing == 1
    assert sorted(map(str, none.value.answers)) == sorted(map(str, ["yes", b"no"]))
    assert await stage.server.to("nobody").call("vote") == []


async def connect(socket: Socket) -> None:
    socket.join("voters")


async def test_catch_all_and_middleware_of_a_socket(stage: Stage, kind: str, transport: str) -> None:
    order: list[Any] = []

    @stage.server.event
    async def connect(socket: Socket) -> None:
        @socket.use
        def count(name: str, args: list[Any]) -> None:
            order.append(("middleware", name, args))
            if name == "forbidden":
                raise BadField("not this")

        socket.data["name"] = "ada"

    @stage.server.on_any
    async def everything(socket: Socket, name: str, *args: Any) -> str:
        order.append(("any", socket.data["name"], name, *args))
        return "caught"

    @stage.server.on("known")
    def known(socket: Socket, value: int) -> int:
        order.append(("known", value))
        return value

    await stage.start()
    client = await stage.connect(kind, transport)
    assert await client.ask("known", 1) == 1
    assert order == [("middleware", "known", [1]), ("any", "ada", "known", 1), ("known", 1)]
    assert await client.ask("unknown") == "caught"
    order.clear()
    assert await client.ask("forbidden") == {"error": {"code": "bad_field", "message": "not this", "retryable": False}}
    assert order == [("middleware", "forbidden", [])]


async def test_handlers_that_fail(stage: Stage, kind: str, transport: str, caplog: pytest.LogCaptureFixture) -> None:
    server = stage.server

    @server.event
    async def breaks(socket: Socket) -> None:
        raise KeyError("inside")

    @server.event
    def breaks_at_once(socket: Socket) -> None:
        raise KeyError("inside")

    @server.event
    async def wants_two(socket: Socket, a: int, b: int) -> None: ...

    @server.event
    def type_error(socket: Socket) -> None:
        len(5)  # type: ignore[arg-type]

    @server.event
    def unsendable(socket: Socket) -> object:
        return object()

    await stage.start()
    client = await stage.connect(kind, transport)
    internal = {"error": {"code": "internal", "message": "Something went wrong on the server.", "retryable": True}}
    for name in ("breaks", "breaks_at_once", "type_error", "unsendable"):
        assert await client.ask(name) == internal
    assert (await client.ask("wants_two", 1))["error"]["code"] == "bad_field"
    for name in ("breaks", "wants_two"):  # nobody waits for an answer: it is in the log, and the connection stays
        await client.emit(name, 1, 2, 3)
    assert await client.ask("breaks") == internal
    assert "inside" in caplog.text


async def test_a_slow_handler_holds_up_nobody(stage: Stage, kind: str, transport: str) -> None:
    go = asyncio.Event()

    @stage.server.event
    async def slow(socket: Socket) -> str:
        await go.wait()
        return "slow"

    stage.server.on("fast")(lambda socket: "fast")
    await stage.start()
    client = await stage.connect(kind, transport)
    asking = asyncio.create_task(client.ask("slow"))
    assert await client.ask("fast") == "fast"
    go.set()
    assert await asking == "slow"


async def test_many_events_arrive_in_order(stage: Stage, kind: str, transport: str) -> None:
    seen: list[int] = []

    @stage.server.on("n")
    async def n(socket: Socket, number: int) -> None:
        seen.append(number)
        socket.emit("n", number, b"x" if number % 3 == 0 else "x")

    await stage.start()
    client = await stage.connect(kind, transport)
    for number in range(100):
        await client.emit("n", number)
    assert [(await event(client, "n"))[0] for _ in range(100)] == list(range(100))
    assert seen == list(range(100))


async def test_volatile_events_skip_a_client_with_unsent_data(stage: Stage) -> None:
    """A polling client that does not ask: what is volatile does not pile up behind what is not."""
    await stage.start()
    async with httpx.AsyncClient(base_url=stage.url) as http:
        path = "/socket.io/?EIO=4&transport=polling"
        sid = (await http.get(path)).text.split('"')[3]
        path += f"&sid={sid}"
        await http.post(path, content="40")
        await http.get(path)
        server, socket = stage.server, only(stage)
        for number in range(3):
            server.volatile.emit("position", number)
            server.to(socket.id).volatile.emit("own position", number)
            await asyncio.sleep(0)
        server.emit("news", 1)
        text = (await http.get(path)).text
    assert text.count("own position") <= 1
    assert text.count('["position"') == 1
    assert text.endswith('42["news",1]')


async def test_what_cannot_be_sent_fails_where_it_is_emitted(stage: Stage) -> None:
    """And does not keep others from what they are sent in the same tick."""
    await stage.start()
    client = await stage.connect("js", "websocket")
    endless: list[Any] = []
    endless.append(endless)
    stage.server.emit("before")
    for bad in (object(), {1j: 1}, endless, [b"x", {"_placeholder": True}]):
        with pytest.raises((TypeError, ValueError, RecursionError)):
            stage.server.emit("bad", bad)
    stage.server.emit("after")
    assert await event(client, "before") == await event(client, "after") == ()
    assert not client.reports.events()


async def test_what_is_changed_after_it_was_emitted_is_sent_as_it_was(stage: Stage) -> None:
    await stage.start()
    client = await stage.connect("js", "websocket")
    move, data = {"x": 1}, bytearray(b"a")
    stage.server.emit("move", move, data)
    move["x"], data[0] = 2, 0
    assert await event(client, "move") == ({"x": 1}, b"a")


@pytest.mark.parametrize("name", ["connect", "disconnect", "connect_error", "reply", "newListener"])
async def test_reserved_names(stage: Stage, name: str) -> None:
    await stage.start()
    with pytest.raises(ValueError, match="reserved"):
        stage.server.emit(name)
    if name not in {"connect", "disconnect"}:
        with pytest.raises(ValueError, match="reserved"):
            stage.server.on(name)(lambda socket: None)


async def test_half_a_character(stage: Stage, kind: str, transport: str) -> None:
    """What JavaScript's `slice` leaves of an emoji is replaced, in both directions of the conversation."""
    stage.server.on("echo")(lambda socket, *args: args)
    await stage.start()
    client = await stage.connect(kind, transport, answers={"ask": ["\ude00\ud83d"]})
    assert await client.ask("echo", "\ud83d", {"\udc00": "\ud83d\ude00"}) == ["\ufffd", {"\ufffd": "\U0001f600"}]
    assert await client.ask("echo", "a\ud83d", b"\x00") == ["a\ufffd", b"\x00"]
    (socket,) = stage.server.sockets.values()
    assert await socket.call("ask", timeout=20) == "\ufffd\ufffd"


async def test_half_a_character_from_a_raw_client(stage: Stage) -> None:
    stage.server.on("echo")(lambda socket, *args: args)
    await stage.start()
    client = await stage.raw()
    await client.send('{"type":"echo","ref":9,"args":["\\ud83d","\\ud83d\\ude00"]}')
    assert await hear(client) == {"type": "reply", "ref": 9, "args": ["\ufffd", "\U0001f600"]}
