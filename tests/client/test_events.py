"""Events: once, in order, nothing lost, whatever the connection does."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection

from hubbub.client import (
    BadAnswer,
    Client,
    Reset,
    RoomLost,
)
from hubbub.errors import (
    ErrorBody,
    HubbubError,
    NotJoined,
    RoomForbidden,
    StoreUnavailable,
    UnknownCommand,
    UnknownRoom,
)
from hubbub.vocabulary import (
    Command,
    Join,
    Membership,
    ProfileChanged,
    RoomOutcome,
    Send,
    Subscribe,
    Subscribed,
    UnknownEvent,
    User,
    UserName,
)

from .clients import texts
from .scripted import WIRE, Scripted


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


def cursors(server: Scripted) -> list[int | None]:
    """With which the room was asked for: by `join` once, then by `subscribe`."""
    first = [command.since for command in server.commands if isinstance(command, Join)]
    return first + [one.since for command in server.commands if isinstance(command, Subscribe) for one in command.rooms]


def refuse(server: Scripted, connection: ServerConnection, command: Command, error: HubbubError) -> bool:
    """Answer a `subscribe` with this error for its room."""
    if isinstance(command, Subscribe) and command.ref is not None:
        outcomes = [RoomOutcome(one.room, error=ErrorBody.of(error)) for one in command.rooms]
        server.write(connection, WIRE.encode_reply(command.ref, Subscribed(outcomes)))
        return True
    return False


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
    assert cursors(server) == [None, 1]


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
    assert cursors(server) == [None, 1]


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
    stream = client.events()
    assert await texts(client, 1) == ["one"]
    later = await anext(stream)
    assert isinstance(later, UnknownEvent)
    assert (later.seq, later.type, later.sender) == (2, "poll", "bob")
    assert await texts(client, 1) == ["three"]
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
        return refuse(server, connection, command, RoomForbidden()) or isinstance(command, Send)

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


@pytest.mark.parametrize("whole", [True, False], ids=["the whole command", "one room"])
async def test_subscribing_is_retried_while_the_server_can_not(server: Scripted, client: Client, whole: bool) -> None:
    await client.join("general")
    failures = 2

    def fail(connection: ServerConnection, command: Command) -> bool:
        nonlocal failures
        if not isinstance(command, Subscribe) or command.ref is None or not failures:
            return False
        failures -= 1
        if whole:
            server.write(connection, WIRE.encode_error(command.ref, StoreUnavailable()))
            return True
        return refuse(server, connection, command, StoreUnavailable())

    server.script = fail
    server.drop()
    await server.until(lambda: len(server.joined) == 1 and len(server.tokens) == 2)
    server.say("back")
    assert await texts(client, 1) == ["back"]


async def test_a_server_of_version_0_1_is_asked_by_join(server: Scripted, client: Client) -> None:
    await client.join("general")

    def old(connection: ServerConnection, command: Command) -> bool:
        if isinstance(command, Subscribe):
            server.write(connection, WIRE.encode_error(command.ref, UnknownCommand()))
        return isinstance(command, Subscribe)

    server.script = old
    server.say("one")
    assert await texts(client, 1) == ["one"]
    server.drop()
    server.say("while away", deliver=False)
    await server.until(lambda: len(server.joined) == 1 and len(server.tokens) == 2)
    assert await texts(client, 1) == ["while away"]


async def test_an_answer_without_the_room_is_no_answer(server: Scripted, client: Client) -> None:
    await client.join("general")

    def forget(connection: ServerConnection, command: Command) -> bool:
        if isinstance(command, Subscribe) and command.ref is not None:
            server.write(connection, WIRE.encode_reply(command.ref, Subscribed([])))
        return isinstance(command, Subscribe)

    server.script = forget
    server.drop()
    lost = await anext(client.events())
    assert isinstance(lost, RoomLost)
    assert isinstance(lost.error, BadAnswer)


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


async def test_a_new_display_name_is_passed_on(server: Scripted, client: Client) -> None:
    await client.join("general")
    renamed = ProfileChanged(User(UserName("bob"), "Bob the Builder"))
    for connection in server.joined:
        server.write(connection, WIRE.encode(renamed))
    assert await anext(client.signals()) == renamed


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
