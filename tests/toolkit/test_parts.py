"""The toolkit's parts by themselves: what is encoded, who is asked, which handlers and namespaces there are."""

from __future__ import annotations

import asyncio
import re
from typing import Any, cast

import pytest

from hubbub.realtime import Connection, Hub, NoAnswer, Server, Socket
from hubbub.toolkit.answers import Answers
from hubbub.toolkit.emission import AnswerOut, Emission
from hubbub.toolkit.handlers import Handlers
from hubbub.toolkit.namespaces import Namespaces


@pytest.mark.parametrize(
    ("emission", "packet", "attachments"),
    [
        (Emission("a", []), b'42["a"]', []),
        (Emission("a", [1, "x"], namespace="/n", ack=3), b'42/n,3["a",1,"x"]', []),
        (Emission("a", [], offset="o"), b'42["a","o"]', []),
        (Emission("a", [[]], offset="o"), b'42["a",[],"o"]', []),
        (Emission('"', [b"x"]), b'451-["\\"",{"_placeholder":true,"num":0}]', [b"x"]),
        (
            Emission("a", [{"k": (b"x", b"y")}], namespace="/n", ack=3, offset="o"),
            b'452-/n,3["a",{"k":[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]},"o"]',
            [b"x", b"y"],
        ),
        (AnswerOut(5, [], "/"), b"435[]", []),
        (AnswerOut(5, [b"x", 1], "/n"), b'461-/n,5[{"_placeholder":true,"num":0},1]', [b"x"]),
    ],
)
def test_packets(emission: Emission | AnswerOut, packet: bytes, attachments: list[bytes]) -> None:
    assert (emission.packet, list(emission.attachments)) == (packet, attachments)


def test_other_wires_see_the_same_values() -> None:
    emission = Emission("a", [{1: (b"x", None)}], ack=3, offset="o")
    assert emission.json == b'{"type":"a","args":[{"1":["eA==",null]}],"ref":3}'
    assert emission.map() == {"type": "a", "args": [{"1": [b"x", None]}], "ref": 3}
    assert Emission("a", []).map() == {"type": "a", "args": []}
    assert AnswerOut("r", [b"x"], "/").json == b'{"type":"reply","ref":"r","args":["eA=="]}'


class Peer:
    """Stands for a connection where only its identity counts."""


def peers(count: int) -> list[Connection]:
    return [cast("Connection", Peer()) for _ in range(count)]


async def test_answers_are_collected_and_nothing_is_kept() -> None:
    answers = Answers(asyncio.get_running_loop())
    a, b, c = peers(3)
    number = answers.next_id()
    asking = asyncio.create_task(answers.collect(number, [a, b], 10))
    await asyncio.sleep(0)
    answers.take(c, number, ["not asked"])
    answers.take(a, number + 1, ["no such question"])
    answers.take(b, number, [1, 2])
    answers.take(b, number, ["twice"])
    answers.take(a, number, [])
    assert await asking == [[1, 2], None]
    answers.take(a, number, ["late"])
    answers.gone(a)
    assert len(answers) == 0
    assert not answers._asked
    assert await answers.collect(answers.next_id(), [], 10) == []


async def test_who_leaves_or_is_late_has_not_answered() -> None:
    answers = Answers(asyncio.get_running_loop())
    a, b = peers(2)
    first = asyncio.create_task(answers.collect(0, [a, b], 10))
    second = asyncio.create_task(answers.collect(1, [a], 10))
    third = asyncio.create_task(answers.collect(2, [b], 0))
    await asyncio.sleep(0)
    answers.gone(a)
    answers.take(b, 0, ["b"])
    for asking, got in ((first, ["b"]), (second, []), (third, [])):
        with pytest.raises(NoAnswer) as none:
            await asking
        assert (none.value.answers, none.value.missing) == (got, 1)
    cancelled = asyncio.create_task(answers.collect(3, [a], 10))
    await asyncio.sleep(0)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    assert len(answers) == 0
    assert not answers._asked


def test_handlers_of_a_life() -> None:
    handlers = Handlers()
    called: list[Any] = []
    handlers.register("connect", called.append)
    handlers.register("disconnect", lambda socket, reason: called.append((socket, reason)))
    handlers.events["connect"]("s", "auth")
    handlers.events["disconnect"]("s", "reason")
    assert called == ["s", ("s", "reason")]
    with pytest.raises(TypeError, match="reason"):
        handlers.register("disconnect", lambda: None)
    with pytest.raises(TypeError, match="auth"):
        handlers.register("connect", lambda a, b, c: None)
    with pytest.raises(ValueError, match="reserved"):
        handlers.register("newListener", lambda socket: None)


def test_objects_without_handlers_are_refused() -> None:
    class Nothing:
        on_what = "no method"

        def when(self, socket: Socket) -> None: ...

    class Reserved:
        def on_newListener(self, socket: Socket) -> None: ...  # noqa: N802

    class Narrow:
        def on_disconnect(self) -> None: ...

    server = Server()
    with pytest.raises(ValueError, match="Nothing has no method"):
        server.register(Nothing())
    with pytest.raises(ValueError, match="reserved"):
        server.register(Reserved())
    with pytest.raises(TypeError, match="reason"):
        server.register(Narrow())


def test_namespaces() -> None:
    server = Server()
    namespaces = Namespaces(server)
    template = namespaces.of(re.compile(r"/r-\d"))
    assert namespaces.of("chat") is namespaces.of("/chat")
    assert [namespaces.knows(name) for name in ("/", "/chat", "/r-1", "/r-12", "/x")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert namespaces.find("/r-1").handlers is template.handlers
    assert namespaces.find("/r-1") is namespaces.of("/r-1")
    assert namespaces.of("/r-2").handlers is template.handlers
    assert namespaces.of("/r-2") is not namespaces.of("/r-2")  # nobody is there
    assert len(namespaces) == 3
    one = namespaces.find("/r-1")
    one.arriving = 1
    namespaces.drop_if_unused(one)
    assert len(namespaces) == 3
    one.arriving = 0
    namespaces.drop_if_unused(namespaces.of("/r-1"))
    namespaces.drop_if_unused(one)
    namespaces.drop_if_unused(namespaces.of("/chat"))
    assert len(namespaces) == 2


async def test_namespaces_that_come_while_the_server_runs() -> None:
    server = Server()
    await server.open()
    try:
        later = server.of("/later")
        later.emit("nobody hears", 1)
        assert later.sockets == {}
        with pytest.raises(RuntimeError):
            server.of(re.compile("/p-.*")).emit("a template has no sockets")
        server.of("/p-1").emit("nobody is there", 1)
        assert isinstance(server.running.hub, Hub)
    finally:
        await server.close(0)
