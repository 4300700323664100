"""Behind proxies that break WebSockets: event streams, then long-polling, and back, with every `seq` once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from hubbub.app import Application, running
from hubbub.client import Api, Backoff, Client, ConnectionLost, Credentials, Obstacle, Phase, State, TransportChoice
from hubbub.config import Config
from hubbub.errors import TextTooLong, Unauthenticated
from hubbub.vocabulary import Message
from tests.support.proxy import Proxy, proxy, trusting

from .terminal import Run, outcome

SignUp = Callable[[str], Awaitable[Credentials]]


@pytest.fixture
async def hubbub(config: Config) -> AsyncIterator[Application]:
    async with running(config) as application:
        yield application


@pytest.fixture
async def between(hubbub: Application) -> AsyncIterator[Proxy]:
    async with proxy(hubbub.url) as one:
        yield one


@pytest.fixture
def sign_up(hubbub: Application) -> SignUp:
    return lambda name: Api(hubbub.url).sign_up(name, "correct horse")


def of(
    url: str,
    login: Credentials,
    transport: TransportChoice = "auto",
    *,
    seconds: float = 10.0,
    probe_pauses: bool = False,
) -> Client:
    """A client that hardly waits between attempts; it looks for a better transport when it is told, or all the time."""
    pauses = Backoff(0.01, 0.02) if probe_pauses else Backoff(3_600.0, 3_600.0)
    return Client(
        url, login.token, transport=transport, backoff=Backoff(0.01, 0.1), probe_pauses=pauses, open_seconds=seconds
    )


class Log:
    """What one client heard in the room, from its beginning."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.seqs: list[int] = []
        self.texts: list[str] = []

    async def until(self, count: int) -> None:
        """Read until so many messages have come."""
        stream = self.client.events()
        while len(self.texts) < count:
            item = await anext(stream)
            assert not hasattr(item, "error")
            self.seqs.append(item.seq)  # type: ignore[union-attr]
            if isinstance(item, Message):
                self.texts.append(item.text)

    def check(self, expected: set[str]) -> None:
        """Every `seq` once and in order, every message once."""
        assert self.seqs == list(range(1, len(self.seqs) + 1))
        assert len(self.texts) == len(expected)
        assert set(self.texts) == expected


async def arrives(client: Client, wanted: Callable[[State], bool]) -> State:
    async with asyncio.timeout(30):
        return await client._session.state.until(wanted)


async def by(client: Client, transport: str) -> State:
    return await arrives(client, lambda state: state.phase is Phase.CONNECTED and state.transport == transport)


@asynccontextmanager
async def chatting(
    url: str, sign_up: SignUp, *, seconds: float = 10.0
) -> AsyncIterator[tuple[Client, Client, Log, Log]]:
    """Two users in a room, reading it from its beginning."""
    ada, bob = await sign_up("ada"), await sign_up("bob")
    async with of(url, ada, seconds=seconds) as one, of(url, bob, seconds=seconds) as other:
        await one.create_room("tea")
        await one.join("tea", since=0)
        await other.join("tea", since=0)
        yield one, other, Log(one), Log(other)


async def talk(clients: tuple[Client, ...], words: list[str]) -> None:
    """Each says all the words; returns when everything is durable."""
    sends = [client.send("tea", f"{number} {word}") for word in words for number, client in enumerate(clients)]
    assert len({sent.seq for sent in await asyncio.gather(*sends)}) == len(sends)


async def test_two_clients_chat_over_sse_then_polling_then_return_to_websocket(between: Proxy, sign_up: SignUp) -> None:
    between.refuse_upgrades = True
    expected: set[str] = set()

    async def round_of(name: str) -> None:
        words = [f"{name} {number}" for number in range(20)]
        expected.update(f"{number} {word}" for word in words for number in (0, 1))
        await talk((one, other), words)
        await asyncio.gather(first.until(len(expected)), second.until(len(expected)))

    async with chatting(between.url, sign_up, seconds=0.5) as (one, other, first, second):
        for client in (one, other):
            assert (client.state.transport, client.state.wire) == ("sse", "native.json")
            [setback] = client.state.fallback
            assert (setback.transport, setback.obstacle) == ("websocket", Obstacle.REFUSED)
            assert "403" in setback.error.message
        await round_of("over an event stream")

        between.buffer_streams = True
        between.cut()
        for client in (one, other):
            state = await by(client, "polling")
            assert [(back.transport, back.obstacle) for back in state.fallback] == [
                ("websocket", Obstacle.REFUSED),
                ("sse", Obstacle.SILENT),
            ]
        await round_of("over long-polling")

        between.open()
        phases: set[Phase] = set()
        one.observe(lambda state: phases.add(state.phase))
        for client in (one, other):
            client.reconnect_now()
            state = await by(client, "websocket")
            assert (state.wire, state.fallback) == ("native.msgpack", ())
        assert phases == {Phase.CONNECTED}
        await round_of("over a WebSocket again")
        first.check(expected)
        second.check(expected)


async def test_a_better_transport_in_the_middle_of_a_conversation(between: Proxy, sign_up: SignUp) -> None:
    between.refuse_upgrades = True
    async with chatting(between.url, sign_up) as (one, other, first, second):
        words = [str(number) for number in range(300)]
        talking = asyncio.create_task(talk((one, other), words))
        await first.until(50)
        between.open()
        one.reconnect_now()
        other.reconnect_now()
        await asyncio.gather(*[one.create_room(f"room{number}") for number in range(30)])  # none is asked twice
        await talking
        await asyncio.gather(by(one, "websocket"), by(other, "websocket"))
        await asyncio.gather(first.until(600), second.until(600))
        expected = {f"{number} {word}" for word in words for number in (0, 1)}
        first.check(expected)
        second.check(expected)
        mine = [text for text in second.texts if text.startswith("0 ")]
        assert mine == [f"0 {word}" for word in words]


async def test_it_looks_again_by_itself_with_growing_pauses(between: Proxy, sign_up: SignUp) -> None:
    between.refuse_upgrades = True
    async with of(between.url, await sign_up("ada"), probe_pauses=True) as client:
        assert client.state.transport == "sse"
        await between.until(lambda: between.asked("GET /ws") >= 4)
        assert client.state.transport == "sse"
        between.open()
        await by(client, "websocket")


async def test_a_token_that_can_not_be_had_for_a_better_connection(between: Proxy, sign_up: SignUp) -> None:
    login = await sign_up("ada")
    tokens: list[str | None] = [login.token, "x" * 43, None]
    asked = 0

    async def token() -> str | None:
        nonlocal asked
        asked += 1
        if not tokens and asked == 4:
            raise OSError("no network")
        return tokens.pop(0) if tokens else login.token

    between.refuse_upgrades = True
    async with Client(between.url, token, probe_pauses=Backoff(0.01, 0.02)) as client:
        between.open()
        phases: set[Phase] = set()
        client.observe(lambda state: phases.add(state.phase))
        await by(client, "websocket")
        assert (phases, asked) == ({Phase.CONNECTED}, 5)


async def test_a_websocket_that_swallows_is_left(between: Proxy, sign_up: SignUp) -> None:
    between.swallow_frames = True
    async with of(between.url, await sign_up("ada"), seconds=0.3) as client:
        [setback] = client.state.fallback
        assert (client.state.transport, setback.obstacle) == ("sse", Obstacle.SILENT)
        assert "did not answer in time" in setback.error.message
        await client.create_room("tea")


async def test_a_stream_that_is_held_back_later_is_left(config: Config) -> None:
    quick = msgspec.structs.replace(config, heartbeat_seconds=0.3)
    async with running(quick) as hubbub, proxy(hubbub.url) as between:
        between.refuse_upgrades = True
        login = await Api(hubbub.url).sign_up("ada", "correct horse")
        async with of(between.url, login) as client:
            assert client.state.transport == "sse"
            between.buffer_streams = True
            state = await by(client, "polling")
            assert [(setback.transport, setback.obstacle) for setback in state.fallback][1:] == [
                ("sse", Obstacle.SILENT)
            ]
            await client.create_room("tea")


async def test_a_websocket_that_falls_silent_is_replaced(between: Proxy, sign_up: SignUp) -> None:
    login = await sign_up("ada")
    client = Client(between.url, login.token, backoff=Backoff(0.0), keepalive_seconds=0.2, open_seconds=0.5)
    async with client:
        await client.create_room("tea")
        await client.join("tea")
        between.swallow_frames = True
        sent = await client.send("tea", "through the fallback")
        assert sent.seq == 3
        assert client.state.transport == "sse"
        assert isinstance(await anext(client.events()), Message)


async def test_a_text_that_no_server_would_take_is_refused_here(between: Proxy, sign_up: SignUp) -> None:
    async with of(between.url, await sign_up("ada")) as client:
        await client.create_room("tea")
        await client.join("tea")
        with pytest.raises(TextTooLong):
            await client.send("tea", "x" * 100_000)
        assert client.state.phase is Phase.CONNECTED


async def test_json_when_it_is_asked_for(hubbub: Application, sign_up: SignUp) -> None:
    login = await sign_up("ada")
    async with Client(hubbub.url, login.token, wire="json") as client:
        assert (client.state.transport, client.state.wire) == ("websocket", "native.json")


@pytest.mark.parametrize("option", [{"transport": "pigeon"}, {"wire": "xml"}])
def test_other_words_are_no_options(option: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(option.values()))):
        Client("http://127.0.0.1", "token", **option)


async def test_where_the_websocket_has_worked_one_failure_is_no_reason(between: Proxy, sign_up: SignUp) -> None:
    async with of(between.url, await sign_up("ada")) as client:
        between.refuse_upgrades = True
        between.cut()
        await between.until(lambda: between.asked("GET /ws") == 2)
        assert between.asked("GET /sse") == 0
        await by(client, "sse")
        assert between.asked("GET /ws") == 3


async def test_a_server_that_is_not_there_is_not_looked_for_by_every_transport(between: Proxy, sign_up: SignUp) -> None:
    between.refuse_all = True
    client = of(between.url, await sign_up("ada"))
    connecting = asyncio.create_task(client.connect(retry=True))
    await arrives(client, lambda state: state.attempt == 2)
    assert between.asked("GET /poll") == 0
    between.open()
    await connecting
    assert client.state.transport == "websocket"
    await client.close()


@pytest.mark.parametrize("transport", ["sse", "polling"])
async def test_one_transport_only(between: Proxy, sign_up: SignUp, transport: TransportChoice) -> None:
    async with of(between.url, await sign_up("ada"), transport, probe_pauses=True) as client:
        assert (client.state.transport, client.state.fallback) == (transport, ())
        await client.create_room("tea")
        await client.join("tea", since=0)
        log = Log(client)
        await asyncio.gather(*[client.send("tea", str(number)) for number in range(50)])
        between.cut()
        await asyncio.gather(*[client.send("tea", str(number)) for number in range(50, 100)])
        await log.until(100)
        log.check({str(number) for number in range(100)})
        assert between.asked("GET /ws") == 0


async def test_through_a_proxy_of_the_network(
    hubbub: Application, between: Proxy, sign_up: SignUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = await sign_up("ada")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", between.url)
    async with of(hubbub.url, login) as client:
        assert client.state.transport == "websocket"
    between.refuse_upgrades = True
    async with of(hubbub.url, login) as client:
        assert client.state.transport == "sse"
        await client.create_room("tea")
    assert between.asked("CONNECT ") == 2
    assert between.asked(f"GET {hubbub.url}/sse ") == 1


@pytest.mark.parametrize("transport", ["websocket", "sse", "polling"])
async def test_over_tls(hubbub: Application, sign_up: SignUp, transport: TransportChoice) -> None:
    login = await sign_up("ada")
    async with proxy(hubbub.url, tls=True) as secure:
        with pytest.raises(ConnectionLost, match="certificate verify failed"):
            await Client(secure.url, login.token, transport=transport).connect()
        async with Client(secure.url, login.token, transport=transport, tls=trusting()) as client:
            assert client.state.transport == transport
            await client.create_room("tea")
            await client.join("tea")
            assert (await client.send("tea", "secret")).seq == 3


@pytest.mark.parametrize("transport", ["websocket", "sse", "polling"])
async def test_a_wrong_token_is_final(between: Proxy, transport: TransportChoice) -> None:
    client = Client(between.url, "x" * 43, transport=transport)
    with pytest.raises(Unauthenticated):
        await client.connect(retry=True)


@pytest.mark.parametrize("transport", ["sse", "polling"])
async def test_a_login_that_ends_takes_its_connection_along(
    hubbub: Application, sign_up: SignUp, transport: TransportChoice
) -> None:
    login = await sign_up("ada")
    async with of(hubbub.url, login, transport) as client:
        await Api(hubbub.url, login.token).sign_out()
        state = await arrives(client, lambda state: state.phase is Phase.CLOSED)
        assert state.error is not None
        assert "4501" in state.error.message


@pytest.mark.parametrize(("transport", "path"), [("sse", "/sse/"), ("polling", "/poll/")])
async def test_closing_tells_the_server(between: Proxy, sign_up: SignUp, transport: TransportChoice, path: str) -> None:
    async with of(between.url, await sign_up("ada"), transport) as client:
        await client.create_room("tea")
        await client.join("tea")
        client.typing("tea")
    said = [request for request in between.requests if not request.startswith("GET")]  # a poll may begin at any time
    assert said[-1].startswith(f"DELETE {path}")
    assert said[-2].startswith(f"POST {path}")  # what was posted goes first


async def test_the_commands_say_by_what_they_are_connected(between: Proxy, sign_up: SignUp, run: Run) -> None:
    login = await sign_up("ada")
    async with of(between.url, login) as client:
        await client.create_room("tea")
    between.refuse_upgrades = True
    process = await run("send", "tea", "hello", "--url", between.url, HUBBUB_TOKEN=login.token)
    assert await outcome(process) == (
        0,
        "",
        "hubbub: connected by Server-Sent Events; websocket: The server refused the connection (HTTP 403).\n",
    )
    arguments = ("tail", "tea", "--since", "2", "--transport", "polling", "--url", between.url)
    process = await run(*arguments, HUBBUB_TOKEN=login.token)
    assert process.stdout is not None
    assert process.stderr is not None
    assert b"hello" in await process.stdout.readline()
    assert await process.stderr.readline() == b"hubbub: connected by long-polling\n"
    between.cut()
    assert (await process.stderr.readline()).decode().endswith("Reconnecting …\n")
    assert await process.stderr.readline() == b"hubbub: connected again\n"
