"""Questions and answers, and what passes by."""

from __future__ import annotations

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection

from hubbub.client import (
    Client,
    ConnectionLost,
    NoAnswer,
)
from hubbub.errors import (
    HubbubError,
)
from hubbub.vocabulary import (
    Command,
    CreateRoom,
    History,
    Presence,
    Read,
    RoomId,
    RoomList,
    Rooms,
    RoomState,
    Typing,
    TypingChanged,
    Watch,
)

from .scripted import TOKEN, WIRE, Scripted


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


async def test_any_command_may_be_asked_and_gives_its_reply(server: Scripted, client: Client) -> None:
    server.say("one")
    assert (await client.ask(Read(RoomId("general"), 1))).read == 1
    assert [event.seq for event in (await client.ask(History(RoomId("general")))).events] == [1]
    with pytest.raises(HubbubError) as refused:
        await client.ask(Watch(RoomId("nowhere")))
    assert refused.value.code == "unknown_room"


async def test_all_rooms_come_page_after_page(server: Scripted, client: Client) -> None:
    pages = {
        None: RoomList([RoomState(RoomId("b"), 1, 1, 0)], more=True),
        "b": RoomList([RoomState(RoomId("a"), 1, 1, 0)]),
    }

    def answer(connection: ServerConnection, command: Command) -> bool:
        if not isinstance(command, Rooms) or command.ref is None:
            return False
        server.write(connection, WIRE.encode_reply(command.ref, pages[command.after]))
        return True

    server.script = answer
    assert [state.room for state in await client.rooms()] == ["a", "b"]


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
