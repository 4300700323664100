"""Connecting, coming back, and giving up."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import pytest

from hubbub.client import (
    Backoff,
    Client,
    Closed,
    ConnectionLost,
    Phase,
    Rejected,
    State,
)
from hubbub.errors import (
    CloseCode,
    HubbubError,
    Unauthenticated,
)
from hubbub.vocabulary import (
    Rooms,
    Send,
)

from .clients import quick, texts
from .scripted import TOKEN, Scripted, scripted


async def test_connects_and_says_as_whom_and_by_what(server: Scripted) -> None:
    seen: list[State] = []
    client = quick(server)
    assert client.state.phase is Phase.IDLE
    client.observe(seen.append)
    async with client:
        state = client.state
        assert (state.phase, state.transport, state.wire, state.attempt) == (
            Phase.CONNECTED,
            "websocket",
            "native.json",
            0,
        )
        assert state.user is not None
        assert state.user.name == "ada"
        assert state.session == "s1"
    assert [state.phase for state in seen] == [Phase.CONNECTING, Phase.CONNECTED, Phase.CLOSED]
    assert seen[-1].error is None


async def test_an_observer_that_ended_hears_nothing(server: Scripted) -> None:
    seen: list[State] = []
    client = quick(server)
    client.observe(seen.append)()
    async with client:
        pass
    assert seen == []


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://", ""])
def test_refuses_what_is_no_server(url: str) -> None:
    with pytest.raises(ValueError, match="not a server's URL"):
        Client(url, TOKEN)


async def test_nobody_listens() -> None:
    async with scripted() as gone:
        url = gone.url
    client = Client(url, TOKEN)
    with pytest.raises(ConnectionLost, match="Nothing listens"):
        await client.connect()
    assert client.state.phase is Phase.CLOSED


async def test_waits_for_a_server_that_starts_later() -> None:
    async with scripted() as first:
        port = int(first.url.rpartition(":")[2])
    client = Client(first.url, TOKEN, backoff=Backoff(0.0))
    connecting = asyncio.create_task(client.connect(retry=True))
    attempts: asyncio.Queue[int] = asyncio.Queue()
    client.observe(lambda state: attempts.put_nowait(state.attempt))
    while await attempts.get() < 3:
        pass
    async with scripted(port):
        await connecting
        assert client.state.phase is Phase.CONNECTED
        assert client.state.attempt == 0
        await client.close()


async def test_a_wrong_token_is_final(server: Scripted) -> None:
    client = quick(server, "wrong")
    with pytest.raises(Unauthenticated):
        await client.connect(retry=True)
    assert server.tokens == ["wrong"]
    assert client.state.phase is Phase.CLOSED
    assert isinstance(client.state.error, Unauthenticated)


async def test_no_token_is_final(server: Scripted) -> None:
    with pytest.raises(Unauthenticated):
        await Client(server.url, lambda: None).connect(retry=True)


async def test_a_token_is_asked_for_before_each_connection(server: Scripted) -> None:
    asked = 0

    async def token() -> str:
        nonlocal asked
        asked += 1
        return TOKEN

    async with Client(server.url, token, backoff=Backoff(0.0)) as client:
        server.drop()
        await server.until(lambda: len(server.tokens) == 2)
        assert asked == 2
        await client.rooms()


async def test_a_token_that_can_not_be_had_now_is_asked_for_again(server: Scripted) -> None:
    failures = [OSError("no network")]

    async def token() -> str:
        if failures:
            raise failures.pop()
        return TOKEN

    client = Client(server.url, token, backoff=Backoff(0.0))
    await client.connect(retry=True)
    assert server.tokens == [TOKEN]
    await client.close()


async def test_a_failing_token_callable_ends_the_client(server: Scripted) -> None:
    def token() -> str:
        raise KeyError("bug")

    with pytest.raises(Closed, match="KeyError"):
        await Client(server.url, token).connect(retry=True)


@pytest.mark.parametrize("status", [HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST])
async def test_a_handshake_that_is_refused_for_good_is_final(server: Scripted, status: HTTPStatus) -> None:
    server.refuse_with = status
    with pytest.raises(Rejected, match=str(int(status))):
        await quick(server).connect(retry=True)


async def test_a_proxy_that_can_not_reach_the_server_is_not_final(server: Scripted) -> None:
    server.refuse_with = HTTPStatus.BAD_GATEWAY
    client = quick(server)

    def heal(state: State) -> None:
        if state.attempt == 2:
            server.refuse_with = None

    client.observe(heal)
    await client.connect(retry=True)
    await client.close()


@pytest.mark.parametrize(
    "code", [CloseCode.SERVER_RESTART, CloseCode.HEARTBEAT_LOST, CloseCode.TOO_SLOW, CloseCode.INTERNAL, 1001, 1012]
)
async def test_comes_back_after_a_close_code_that_allows_it(server: Scripted, client: Client, code: int) -> None:
    await server.close(code)
    await server.until(lambda: len(server.tokens) == 2)
    await client.rooms()


@pytest.mark.parametrize("code", [CloseCode.SESSION_ENDED, CloseCode.POLICY, CloseCode.TOO_BIG, 1002, 1003, 1007, 4999])
async def test_stays_away_after_a_close_code_that_forbids_it(server: Scripted, client: Client, code: int) -> None:
    await client.join("general")
    await server.close(code, "over")
    with pytest.raises(ConnectionLost, match=f"{int(code)}: over"):
        await anext(client.events())
    assert client.state.phase is Phase.CLOSED
    assert len(server.tokens) == 1
    with pytest.raises(HubbubError):
        await client.rooms()
    with pytest.raises(Closed):
        await client.send("general", "late")


async def test_may_be_connected_again_after_it_gave_up(server: Scripted, client: Client) -> None:
    await client.join("general")
    await server.close(CloseCode.SESSION_ENDED)
    with pytest.raises(ConnectionLost):
        await anext(client.events())
    server.say("meanwhile")
    await client.connect()
    assert await texts(client, 1) == ["meanwhile"]


async def test_attempts_count_up_until_one_succeeds(server: Scripted, client: Client) -> None:
    attempts: list[int] = []
    server.refuse_with = HTTPStatus.SERVICE_UNAVAILABLE

    def count(state: State) -> None:
        if state.phase is Phase.RECONNECTING and state.retry_seconds is not None:
            attempts.append(state.attempt)
            if state.attempt == 4:
                server.refuse_with = None

    client.observe(count)
    server.drop()
    await server.until(lambda: len(server.connections) == 1 and len(server.tokens) == 2)
    await client.rooms()
    assert attempts == [1, 2, 3, 4]
    assert client.state.attempt == 0


class Delays:
    """The waits of a client between its attempts, as parts of the first one's ceiling."""

    def __init__(self, client: Client, ceiling_seconds: float) -> None:
        self.seen: list[float] = []
        self._ceiling_seconds = ceiling_seconds
        client.observe(self._look)

    def _look(self, state: State) -> None:
        if state.phase is Phase.RECONNECTING and state.retry_seconds is not None:
            self.seen.append(state.retry_seconds / self._ceiling_seconds)


async def test_restarts_in_quick_succession_do_not_make_the_delays_grow(server: Scripted) -> None:
    async with Client(server.url, TOKEN, backoff=Backoff(0.01), random=lambda: 0.5) as client:
        delays = Delays(client, 0.01)
        for code in (4000, 4000, 4000, 1001, 4000, 1001):
            connections = len(server.tokens)
            await server.close(code)
            await server.until(lambda before=connections: len(server.tokens) > before)  # type: ignore[misc]
            await client.rooms()
    assert delays.seen == [0.5, 0.5, 0.5, 0.5, 1.0, 1.0]


async def test_a_server_that_turns_clients_away_makes_the_delays_grow_all_the_same(server: Scripted) -> None:
    async with Client(server.url, TOKEN, backoff=Backoff(0.01), random=lambda: 0.5) as client:
        delays = Delays(client, 0.01)
        server.turn_away_with = 4000
        await server.close(4000)

        def relent(_: State) -> None:
            if len(delays.seen) == 4:
                server.turn_away_with = None

        client.observe(relent)
        await server.until(lambda: bool(server.connections))
        await client.rooms()
    assert delays.seen == [0.5, 0.5, 1.0, 2.0]


async def test_the_delay_may_be_cut_short(server: Scripted) -> None:
    client = Client(server.url, TOKEN, backoff=Backoff(3_600.0, 3_600.0), random=lambda: 0.5)
    waiting = asyncio.Event()

    def look(state: State) -> None:
        if state.retry_seconds is not None:
            assert state.retry_seconds == 1_800.0
            waiting.set()

    client.observe(look)
    async with client:
        server.drop()
        await waiting.wait()
        client.reconnect_now()
        await client.rooms()


async def test_closing_ends_everything_that_waits(server: Scripted) -> None:
    server.script = lambda connection, command: isinstance(command, Send | Rooms)
    client = await quick(server).connect()
    await client.join("general")
    sending = asyncio.create_task(client.send("general", "unanswered"))
    asking = asyncio.create_task(client.rooms())
    reading = asyncio.create_task(anext(client.events(), None))
    await server.until(lambda: len(server.commands) == 3)
    await client.close()
    with pytest.raises(Closed):
        await sending
    with pytest.raises(Closed):
        await asking
    assert await reading is None
    (kept,) = (outgoing.command for outgoing in client.outbox())
    assert isinstance(kept, Send)
    assert kept.text == "unanswered"
    await client.close()


async def test_cancelling_connect_leaves_nothing_behind(server: Scripted) -> None:
    server.refuse_with = HTTPStatus.SERVICE_UNAVAILABLE
    client = Client(server.url, TOKEN, backoff=Backoff(3_600.0, 3_600.0))
    connecting = asyncio.create_task(client.connect(retry=True))
    waiting = asyncio.Event()
    client.observe(lambda state: waiting.set() if state.retry_seconds is not None else None)
    await waiting.wait()
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    assert client.state.phase is Phase.CLOSED


async def test_before_connecting_nothing_can_be_asked(server: Scripted) -> None:
    client = quick(server)
    with pytest.raises(Closed):
        await client.rooms()
    with pytest.raises(Closed):
        await client.send("general", "early")
    client.typing("general")
