"""What a user of the client relies on: once, in order, nothing lost, whatever the connection does."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from itertools import pairwise

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection

from hubbub.client import (
    Backoff,
    Client,
    Closed,
    ConnectionLost,
    NoAnswer,
    Phase,
    Rejected,
    Reset,
    RoomLost,
    State,
)
from hubbub.errors import (
    CloseCode,
    HubbubError,
    NotJoined,
    RoomForbidden,
    StoreUnavailable,
    TextTooLong,
    Unauthenticated,
    UnknownRoom,
)
from hubbub.vocabulary import (
    Command,
    CreateRoom,
    Join,
    Membership,
    Message,
    Presence,
    Rooms,
    Send,
    Typing,
    TypingChanged,
    Watch,
)

from .scripted import TOKEN, WIRE, Scripted, scripted


async def texts(client: Client, count: int) -> list[str]:
    """The next messages of the stream; anything else fails."""
    stream = client.events()
    found: list[str] = []
    while len(found) < count:
        item = await anext(stream)
        assert isinstance(item, Message)
        found.append(item.text)
    return found


def quick(server: Scripted, token: str = TOKEN) -> Client:
    return Client(server.url, token, backoff=Backoff(0.0))


# the connection


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
    assert [outgoing.text for outgoing in client.outbox()] == ["unanswered"]
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


# events


async def test_without_a_cursor_only_live_events_come(server: Scripted, client: Client) -> None:
    server.say("old")
    joined = await client.join("general")
    assert (joined.head, joined.title, client.cursor("general")) == (1, "General", 1)
    server.say("new")
    assert await texts(client, 1) == ["new"]
    assert client.cursor("general") == 2


async def test_since_brings_what_is_after_it(server: Scripted, client: Client) -> None:
    for text in ("one", "two", "three"):
        server.say(text)
    await client.join("general", since=1)
    assert await texts(client, 2) == ["two", "three"]


async def test_a_reconnect_brings_what_was_missed_and_nothing_twice(server: Scripted, client: Client) -> None:
    await client.join("general")
    server.say("before")
    assert await texts(client, 1) == ["before"]
    server.drop()
    server.say("while away", deliver=False)
    server.say("while away, too", deliver=False)
    await server.until(lambda: len(server.joined) == 1 and len(server.tokens) == 2)
    server.say("after")
    assert await texts(client, 3) == ["while away", "while away, too", "after"]
    assert [command.since for command in server.commands if isinstance(command, Join)] == [None, 1]


async def test_repeated_events_are_dropped(server: Scripted, client: Client) -> None:
    await client.join("general")
    first = server.say("first")
    server.deliver(first, first)
    second = server.say("second")
    server.deliver(first, second)
    server.say("third")
    assert await texts(client, 3) == ["first", "second", "third"]


async def test_a_jump_is_filled_by_joining_again(server: Scripted, client: Client) -> None:
    await client.join("general")
    server.say("one")
    server.say("lost", deliver=False)
    server.say("lost, too", deliver=False)
    server.say("four")
    server.say("five")
    assert await texts(client, 5) == ["one", "lost", "lost, too", "four", "five"]
    assert [command.since for command in server.commands if isinstance(command, Join)] == [None, 1]


async def test_events_are_once_and_in_order_under_a_storm(server: Scripted, client: Client) -> None:
    await client.join("general")
    reader = asyncio.create_task(texts(client, 200))
    for number in range(200):
        server.say(str(number), deliver=number % 7 != 3)
        if number % 20 == 10:
            server.deliver(*server.log[-5:])
        if number % 50 == 49:
            server.drop()
            connections = number // 50 + 2
            await server.until(lambda wanted=connections: len(server.tokens) == wanted and len(server.joined) == 1)  # type: ignore[misc]
        elif number % 10 == 9:
            await asyncio.sleep(0)
    server.drop()
    assert await reader == [str(number) for number in range(200)]


async def test_an_event_of_a_kind_that_is_not_known_is_no_hole(server: Scripted, client: Client) -> None:
    await client.join("general")
    server.say("one")
    server.say("in another shape", deliver=False)
    for connection in server.joined:
        server.write(connection, b'{"type":"poll","room":"general","seq":2,"sender":"bob","ts":1,"options":[]}')
        server.write(connection, b'{"type":"weather","sun":true}')
        server.write(connection, b"[]")
    server.say("three")
    assert await texts(client, 2) == ["one", "three"]
    assert len([command for command in server.commands if isinstance(command, Join)]) == 1


async def test_a_log_that_was_replaced_resets_the_room(server: Scripted, client: Client) -> None:
    await client.join("general")
    for text in ("one", "two", "three"):
        server.say(text)
    await texts(client, 3)
    server.log = server.log[:1]
    server.drop()
    assert await anext(client.events()) == Reset(room="general", head=1)  # type: ignore[arg-type]
    server.say("new life")
    assert await texts(client, 1) == ["new life"]


async def test_a_room_that_is_closed_to_me_is_lost(server: Scripted, client: Client) -> None:
    await client.join("general")

    def forbid(connection: ServerConnection, command: Command) -> bool:
        if isinstance(command, Join) and command.ref is not None:
            server.write(connection, WIRE.encode_error(command.ref, RoomForbidden()))
            return True
        return isinstance(command, Send)

    server.script = forbid
    sending = asyncio.create_task(client.send("general", "never"))
    await server.until(lambda: server.sends() == ["never"])
    server.drop()
    lost = await anext(client.events())
    assert isinstance(lost, RoomLost)
    assert isinstance(lost.error, RoomForbidden)
    with pytest.raises(RoomForbidden):
        await sending
    assert client.outbox() == []
    assert client.cursor("general") is None


async def test_joining_again_is_retried_while_the_server_can_not(server: Scripted, client: Client) -> None:
    await client.join("general")
    failures = 2

    def fail(connection: ServerConnection, command: Command) -> bool:
        nonlocal failures
        if isinstance(command, Join) and command.ref is not None and failures:
            failures -= 1
            server.write(connection, WIRE.encode_error(command.ref, StoreUnavailable()))
            return True
        return False

    server.script = fail
    server.drop()
    await server.until(lambda: len(server.joined) == 1 and len(server.tokens) == 2)
    server.say("back")
    assert await texts(client, 1) == ["back"]


async def test_a_consumer_that_is_too_slow_reads_the_history(server: Scripted, client: Client) -> None:
    await client.join("general")
    for number in range(2_500):
        server.say(str(number))
    while client.cursor("general") != 2_500:
        await client.rooms()
    assert await texts(client, 2_500) == [str(number) for number in range(2_500)]
    server.say("live again")
    assert await texts(client, 1) == ["live again"]


async def test_leaving_ends_the_room(server: Scripted, client: Client) -> None:
    await client.join("general")
    await client.leave("general")
    assert client.cursor("general") is None
    server.drop()
    await server.until(lambda: len(server.tokens) == 2)
    await client.rooms()
    assert len([command for command in server.commands if isinstance(command, Join)]) == 1
    with pytest.raises(NotJoined):
        await client.send("general", "outside")


async def test_leaving_on_another_device_ends_the_room_here(server: Scripted, client: Client) -> None:
    await client.join("general")
    gone = Membership(server.say("x").room, member=False)
    for connection in server.joined:
        server.write(connection, WIRE.encode(gone))
    assert await anext(client.signals()) == gone
    assert client.cursor("general") is None


async def test_a_room_that_is_not_there(client: Client) -> None:
    with pytest.raises(UnknownRoom):
        await client.join("nowhere")
    assert client.cursor("nowhere") is None


# messages


async def test_a_message_is_acknowledged_and_comes_back(server: Scripted, client: Client) -> None:
    await client.join("general")
    sent = await client.send("general", "hello")
    assert (sent.seq, sent.repeat) == (1, False)
    assert await texts(client, 1) == ["hello"]
    assert client.outbox() == []
    assert client.state.sending == 0


async def test_a_message_survives_the_loss_of_its_reply(server: Scripted, client: Client) -> None:
    await client.join("general")

    def swallow(connection: ServerConnection, command: Command) -> bool:
        if isinstance(command, Send) and len(server.sends()) == 1:
            server.say(command.text, nonce=command.nonce)
            server.drop()
            return True
        return False

    server.script = swallow
    sent = await client.send("general", "once")
    assert (sent.seq, sent.repeat) == (1, True)
    assert server.sends() == ["once", "once"]
    assert [message.text for message in server.log] == ["once"]
    assert await texts(client, 1) == ["once"]


async def test_a_message_survives_a_restart_of_the_server() -> None:
    async with scripted() as server:
        port = int(server.url.rpartition(":")[2])
        client = await quick(server).connect()
        await client.join("general")
        server.script = lambda connection, command: isinstance(command, Send)
        sending = [asyncio.create_task(client.send("general", str(number))) for number in range(50)]
        await server.until(lambda: len(server.sends()) == 50)
        assert client.state.sending == 50
    server.script = lambda connection, command: False
    async with scripted(port, server):
        sent = await asyncio.gather(*sending)
        assert all(later.seq > earlier.seq for earlier, later in pairwise(sent))
        assert [message.text for message in server.log] == [str(number) for number in range(50)]
        assert await texts(client, 50) == [str(number) for number in range(50)]
        await client.close()


async def test_a_message_that_is_not_answered_is_sent_again(server: Scripted) -> None:
    server.script = lambda connection, command: isinstance(command, Send) and len(server.sends()) == 1
    async with Client(server.url, TOKEN, backoff=Backoff(0.0), request_seconds=0.1) as client:
        await client.join("general")
        sent = await client.send("general", "patience")
        assert sent.seq == 1
        assert server.sends() == ["patience", "patience"]


async def test_a_message_is_sent_again_while_the_server_can_not_store_it(server: Scripted, client: Client) -> None:
    await client.join("general")

    def fail(connection: ServerConnection, command: Command) -> bool:
        if isinstance(command, Send) and command.ref is not None and len(server.sends()) < 3:
            server.write(connection, WIRE.encode_error(command.ref, StoreUnavailable()))
            return True
        return False

    server.script = fail
    assert (await client.send("general", "durable")).seq == 1
    assert server.sends() == ["durable"] * 3


async def test_a_message_that_is_refused_is_not_sent_again(server: Scripted, client: Client) -> None:
    await client.join("general")

    def refuse(connection: ServerConnection, command: Command) -> bool:
        if isinstance(command, Send):
            server.write(connection, WIRE.encode_error(command.ref, TextTooLong()))
            return True
        return False

    server.script = refuse
    with pytest.raises(TextTooLong):
        await client.send("general", "x" * 20_000)
    assert client.outbox() == []


async def test_the_same_nonce_is_the_same_message(server: Scripted, client: Client) -> None:
    await client.join("general")
    first, second = await asyncio.gather(client.send("general", "hi", "n1"), client.send("general", "hi", "n1"))
    third = await client.send("general", "hi", "n1")
    assert first.seq == second.seq == third.seq == 1
    assert third.repeat
    assert len(server.log) == 1


async def test_to_stop_waiting_does_not_stop_the_message(server: Scripted, client: Client) -> None:
    held: list[tuple[ServerConnection, Command]] = []

    def hold(connection: ServerConnection, command: Command) -> bool:
        if isinstance(command, Send) and not held:
            held.append((connection, command))
            return True
        return False

    server.script = hold
    await client.join("general")
    sending = asyncio.create_task(client.send("general", "on its way", "n1"))
    await server.until(lambda: bool(held))
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    server.answer(*held[0])
    assert await texts(client, 1) == ["on its way"]
    assert (await client.send("general", "on its way", "n1")).seq == 1


async def test_nonces_begin_with_the_time_and_differ(server: Scripted) -> None:
    async with Client(server.url, TOKEN, now=lambda: 1.5) as client:
        await client.join("general")
        await asyncio.gather(*[client.send("general", "x") for _ in range(20)])
    nonces = {command.nonce for command in server.commands if isinstance(command, Send)}
    assert len(nonces) == 20
    assert {nonce[:12] for nonce in nonces} == {f"{1500:012x}"}


# the other commands


async def test_asks_for_what_the_vocabulary_has(server: Scripted, client: Client) -> None:
    server.say("one")
    server.say("two")
    assert [room.room for room in await client.rooms()] == ["general"]
    assert (await client.directory()).rooms[0].members == 1
    assert (await client.create_room("new", "New")).title == "New"
    assert (await client.members("general")).total == 1
    page = await client.history("general", after=0, limit=1)
    assert ([event.seq for event in page.events], page.more, page.head) == ([1], True, 2)
    assert (await client.read("general", 2)).read == 2


async def test_a_question_is_asked_again_on_the_next_connection(server: Scripted, client: Client) -> None:
    def drop_first(connection: ServerConnection, command: Command) -> bool:
        if len(server.commands) == 1:
            server.drop()
            return True
        return False

    server.script = drop_first
    assert len(await client.rooms()) == 1
    assert len(server.tokens) == 2


async def test_to_create_a_room_is_not_asked_twice(server: Scripted, client: Client) -> None:
    def drop(connection: ServerConnection, command: Command) -> bool:
        server.drop()
        return True

    server.script = drop
    with pytest.raises(ConnectionLost):
        await client.create_room("once")
    await server.until(lambda: len(server.tokens) == 2)
    assert [command for command in server.commands if isinstance(command, CreateRoom)] == [server.commands[0]]


async def test_a_question_without_an_answer_ends(server: Scripted) -> None:
    server.script = lambda connection, command: True
    async with Client(server.url, TOKEN, request_seconds=0.05) as client:
        with pytest.raises(NoAnswer):
            await client.rooms()
        server.script = lambda connection, command: False
        await client.rooms()


async def test_the_watched_room_is_watched_again_after_a_reconnect(server: Scripted, client: Client) -> None:
    assert (await client.watch("general")).count == 1
    server.drop()
    await server.until(lambda: len([command for command in server.commands if isinstance(command, Watch)]) == 2)
    await client.watch(None)
    server.drop()
    await server.until(lambda: len(server.tokens) == 3)
    await client.rooms()
    assert len([command for command in server.commands if isinstance(command, Watch)]) == 3


async def test_signals_pass_by(server: Scripted, client: Client) -> None:
    await client.join("general")
    room = server.say("x").room
    signals = [Presence(room, 2), TypingChanged(room, server.log[0].sender)]
    for connection in server.joined:
        for signal in signals:
            server.write(connection, WIRE.encode(signal))
    assert [await anext(client.signals()) for _ in signals] == signals


async def test_typing_is_said_in_joined_rooms_only(server: Scripted, client: Client) -> None:
    client.typing("general")
    await client.join("general")
    client.typing("general")
    client.typing("general", typing=False)
    await client.rooms()
    assert [command.typing for command in server.commands if isinstance(command, Typing)] == [True, False]


async def test_an_error_of_a_code_that_is_not_known(server: Scripted, client: Client) -> None:
    def newer(connection: ServerConnection, command: Command) -> bool:
        body = {"code": "room_frozen", "message": "It is frozen.", "retryable": True}
        server.write(connection, msgspec.json.encode({"type": "reply", "ref": command.ref, "error": body}))
        return True

    server.script = newer
    with pytest.raises(HubbubError, match=r"It is frozen\.") as caught:
        await client.rooms()
    assert (caught.value.code, caught.value.retryable) == ("room_frozen", True)
