"""The examples in docstrings run.

An example is a block that is indented in a docstring. What it does not define itself it gets from its module, or from
`GIVEN`: what a reader has at hand who needs the example.
"""

from __future__ import annotations

import ast
import asyncio
import importlib
import json
import re
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import pytest
import uvicorn
from msgspec import Struct
from websockets.asyncio.client import connect

from hubbub.app import running
from hubbub.bus import LocalBus, NodeId
from hubbub.chat import Chat, ChatSettings
from hubbub.client import Api, Client
from hubbub.cluster.observed_bus import ObservedBus
from hubbub.config import Config
from hubbub.identity import Identity
from hubbub.realtime import EngineServer, Gateway, GatewaySettings, Hub, Server, VocabularyCodec, serving
from hubbub.store.records import Collection, Index
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import Command, Joined, Message
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS
from tests.contracts.bus import Inbox
from tests.support.postgres import postgres, postgres_dsn
from tests.support.redis import redis

__all__ = ["postgres", "postgres_dsn", "redis"]

SOURCE = Path(__file__).parents[1] / "src"

NO_PYTHON = {
    "hubbub.bus.redis.address",
    "hubbub.realtime.protocols.native_http_app",
    "hubbub.wire.engineio.UpgradeProbe",
    "hubbub.wire.socketio",
    "hubbub.wire.socketio_events",
}
"""Their blocks show what goes over the wire, or an address."""


def read() -> Iterator[tuple[str, str]]:
    """Everything in the source that has a docstring: its name and the docstring."""
    for path in sorted(SOURCE.rglob("*.py")):
        module = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                name = module if isinstance(node, ast.Module) else f"{module}.{node.name}"
                text = ast.get_docstring(node, clean=False) or ""  # cleaning takes the indentation of a sole block
                margin = " " * node.body[0].col_offset if text else ""
                yield name.removesuffix(".__init__"), text.replace(f"\n{margin}", "\n")


def examples(docstring: str) -> list[str]:
    """The indented blocks that follow an empty line."""
    blocks = re.findall(r"\n\n((?: {4}.*\n|\n(?= {4}))+)", f"{docstring}\n")
    return [textwrap.dedent(block) for block in blocks]


DOCSTRINGS = tuple(read())
EXAMPLES = {name: found for name, text in DOCSTRINGS if (found := examples(text)) and name not in NO_PYTHON}

UNMARKED = re.compile(r"^(?:await |async with |@\w+\.|\w+ = [A-Za-z_.]+\(.*\)$)", re.MULTILINE)
"""Code at the margin of a docstring."""


@dataclass(frozen=True)
class Given:
    """What an example needs.

    Attributes:
        names: those that it uses.
        until: what is to come about while it runs, if it has no end of its own.
        address: of the server, for an example that has it at http://localhost:8000.
    """

    names: Mapping[str, Any]
    until: Awaitable[object] | None = None
    address: str = ""


@asynccontextmanager
async def nothing(config: Config) -> AsyncIterator[Given]:
    yield Given({})


@asynccontextmanager
async def a_configuration(config: Config) -> AsyncIterator[Given]:
    yield Given({"config": config})


@asynccontextmanager
async def a_bus(config: Config) -> AsyncIterator[Given]:
    """With receivers of what it carries."""
    bus = ObservedBus(LocalBus())
    await bus.open(Inbox())
    nodes = SimpleNamespace(heard=lambda note: None)
    yield Given({"bus": bus, "node": NodeId("n1"), "receiver": Inbox(), "nodes": nodes, "LocalBus": LocalBus})
    await bus.close()


@asynccontextmanager
async def a_store(config: Config) -> AsyncIterator[Given]:
    store = SqliteStore(Path(config.data) / "hubbub.db")
    await store.open()
    identity = Identity(store, now_ms=lambda: 0)
    await identity.open()
    names = (LocalBus, ChatSettings, Gateway, GatewaySettings, VocabularyCodec)
    yield Given(
        {
            **{name.__name__: name for name in names},
            "FIELD_KEYS": FIELD_KEYS,
            "TYPE_KEYS": TYPE_KEYS,
            "store": store,
            "identity": identity,
            "hub": Hub(asyncio.get_running_loop()),
            "clock": lambda: 0,
        }
    )
    await identity.close()
    await store.close()


@asynccontextmanager
async def a_handler(config: Config) -> AsyncIterator[Given]:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise NotImplementedError

    async with a_store(config) as given:
        names = given.names
        chat = Chat(names["store"], LocalBus(), names["identity"], names["hub"], ChatSettings(), now_ms=lambda: 0)
        await chat.open()
        yield Given(
            {
                "VocabularyCodec": VocabularyCodec,
                "Command": Command,
                "asyncio": asyncio,
                "uvicorn": uvicorn,
                "handler": chat,
                "app": app,
            }
        )
        await chat.close()


@asynccontextmanager
async def a_room(config: Config) -> AsyncIterator[Given]:
    """Of a running server, with somebody who waits for a message."""

    async def hear(other: Client) -> None:
        async for event in other.events():
            if isinstance(event, Message) and event.text == "hello":
                return

    async with running(config) as app:
        token = (await Api(app.url).sign_up("ada", "correct horse")).token
        async with Client(app.url, token) as other:
            await other.create_room("general")
            await other.join("general")
            yield Given({"token": token}, hear(other), app.url)


@asynccontextmanager
async def a_toolkit_server(config: Config) -> AsyncIterator[Given]:
    """The example gives it the path `/echo`, at which it is tried."""
    server = Server()
    yield Given({"server": server})
    async with serving(server) as port:
        assert await echoed(f"ws://127.0.0.1:{port}/echo", "hello") == "hello"


@asynccontextmanager
async def a_run_of_a_server(config: Config) -> AsyncIterator[Given]:
    """What the example runs at last is run here, and tried."""
    ran: list[Server] = []
    yield Given({"run": lambda server, port: ran.append(server)})
    async with serving(ran[0]) as port:
        said = json.dumps({"type": "chat message", "args": ["hello"]})
        assert json.loads(await echoed(f"ws://127.0.0.1:{port}/ws", said)) == json.loads(said)


@asynccontextmanager
async def a_run_of_an_engine(config: Config) -> AsyncIterator[Given]:
    ran: list[EngineServer] = []
    yield Given({"GatewaySettings": GatewaySettings, "run": lambda engine, port: ran.append(engine)})
    async with serving(ran[0]) as port:
        address = f"ws://127.0.0.1:{port}/engine.io/?EIO=4&transport=websocket"
        assert await echoed(address, "4hello", greets=True) == "4hello"


async def echoed(address: str, text: str, *, greets: bool = False) -> str:
    """What a WebSocket server answers. `greets`: it says something first."""
    async with asyncio.timeout(20), connect(address) as client:
        if greets:
            await client.recv()
        await client.send(text)
        return str(await client.recv())


class Invitation(Struct, frozen=True):
    code: str
    room: str
    expires_ms: int


@asynccontextmanager
async def a_collection(config: Config) -> AsyncIterator[Given]:
    invitations = Collection("invitations", Invitation, key=("code",), indexes=(Index("room", ("room", "code")),))
    async with a_store(config) as given:
        yield Given({"store": given.names["store"], "INVITATIONS": invitations, "Invitation": Invitation})


@asynccontextmanager
async def a_vocabulary(config: Config) -> AsyncIterator[Given]:
    yield Given({"Command": Command, "Joined": Joined, "FIELD_KEYS": FIELD_KEYS, "TYPE_KEYS": TYPE_KEYS})


@asynccontextmanager
async def a_request(config: Config) -> AsyncIterator[Given]:
    yield Given({"data": b"POST / HTTP/1.1\r\nHost: example.org\r\nContent-Length: 2\r\n\r\nhi"})


GIVEN: dict[str, Callable[[Config], AbstractAsyncContextManager[Given]]] = {
    "hubbub.app": a_configuration,
    "hubbub.store.records.records": a_collection,
    "hubbub.bus.redis.bus": a_bus,
    "hubbub.chat.service": a_store,
    "hubbub.client.client": a_room,
    "hubbub.cluster.observed_bus": a_bus,
    "hubbub.identity.identity": a_store,
    "hubbub.realtime.server.gateway": a_handler,
    "hubbub.toolkit.engine_server": a_run_of_an_engine,
    "hubbub.toolkit.raw.RawSocket": a_toolkit_server,
    "hubbub.toolkit.server": a_run_of_a_server,
    "hubbub.wire.compact": a_vocabulary,
    "hubbub.wire.http_requests": a_request,
    "hubbub.wire.native": a_vocabulary,
}


@asynccontextmanager
async def an_address() -> AsyncIterator[str]:
    """Of an HTTP server that gives a short answer to everything."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def compiled(name: str, example: str) -> CodeType:
    code = compile(example, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert isinstance(code, CodeType)
    return code


def module_of(name: str) -> Any:
    """The module in which something is defined."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return importlib.import_module(name.rpartition(".")[0])


OTHERS = {"redis://localhost/0": "redis", "postgresql://hubbub@db.example.org/hubbub": "postgres_dsn"}
"""Addresses of other programs, and the fixtures that have one."""


@pytest.fixture
def addresses(name: str, request: pytest.FixtureRequest) -> dict[str, str]:
    """Those that an example has, and where it is instead."""
    text = "".join(EXAMPLES[name])
    found = {shown: request.getfixturevalue(fixture) for shown, fixture in OTHERS.items() if shown in text}
    return {shown: getattr(real, "url", real) for shown, real in found.items()}


@pytest.mark.parametrize("name", EXAMPLES)
async def test_an_example_runs(
    name: str, addresses: dict[str, str], config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(config.data).mkdir()
    async with an_address() as address, GIVEN.get(name, nothing)(config) as given:
        addresses |= {"https://chat.example": address, "http://localhost:8000": given.address}
        for example in EXAMPLES[name]:
            for shown, real in addresses.items():
                example = example.replace(shown, real)  # noqa: PLW2901  the same one
            await run(eval(compiled(name, example), {**vars(module_of(name)), **given.names}), given.until)


async def run(example: Awaitable[object] | None, until: Awaitable[object] | None) -> None:
    """To its end, or until something comes about. `None`: it had nothing to wait for, and is done."""
    if example is None:
        return
    async with asyncio.timeout(60):
        if until is None:
            await example
            return
        task = asyncio.ensure_future(example)
        hearing = asyncio.ensure_future(until)
        await asyncio.wait([task, hearing], return_when=asyncio.FIRST_COMPLETED)
        assert not task.done(), task.exception()
        task.cancel()
        await asyncio.wait([task])


def test_every_block_is_an_example_or_named_as_none() -> None:
    assert set(GIVEN) <= set(EXAMPLES)
    assert {name for name, text in DOCSTRINGS if examples(text)} >= NO_PYTHON


def test_no_code_stands_at_the_margin_where_it_is_not_run() -> None:
    assert [(name, found[0]) for name, text in DOCSTRINGS if (found := UNMARKED.findall(text))] == []


@pytest.mark.parametrize("example", ["lost = Gateway(", "await nothing_of_that_name()"])
async def test_an_example_that_does_not_run_is_found(example: str) -> None:
    with pytest.raises((SyntaxError, NameError)):
        await eval(compiled("a module", example), {})
