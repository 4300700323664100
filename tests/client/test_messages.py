"""Messages: durable once, however often they have to be sent."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from msgspec.structs import replace
from websockets.asyncio.server import ServerConnection

from hubbub.client import (
    Backoff,
    Client,
)
from hubbub.errors import (
    StoreUnavailable,
    TextTooLong,
)
from hubbub.vocabulary import (
    Command,
    Delete,
    Edit,
    React,
    RoomId,
    Send,
    Sent,
    Unreact,
)

from .clients import quick, texts
from .scripted import TOKEN, WIRE, Scripted, scripted


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
    assert min(nonces)[:10] == "00000001EW"  # 1,500 ms
    assert [command.nonce for command in server.commands if isinstance(command, Send)] == sorted(nonces)


async def test_changes_go_out_again_under_their_nonce_until_they_are_acknowledged(
    server: Scripted, client: Client
) -> None:
    seen: list[Command] = []

    def lose_the_first_of_each(connection: ServerConnection, command: Command) -> bool:
        if not isinstance(command, Edit | Delete | React | Unreact):
            return False
        bare = replace(command, ref=None)
        if bare in seen and command.ref is not None:
            server.write(connection, WIRE.encode_reply(command.ref, Sent(len(seen), 1)))
        else:
            server.drop()
        seen.append(bare)
        return True

    server.script = lose_the_first_of_each
    await client.join("general")
    room = RoomId("general")
    assert await client.edit("general", 3, "hello", "n1") == Sent(1, 1)
    assert await client.delete("general", 3, "n2") == Sent(3, 1)
    assert await client.react("general", 3, "👍", "n3") == Sent(5, 1)
    assert await client.unreact("general", 3, "👍", "n4") == Sent(7, 1)
    once: list[Command] = [Edit(room, 3, "hello", "n1"), Delete(room, 3, "n2"), React(room, 3, "👍", "n3")]
    assert seen == [command for command in (*once, Unreact(room, 3, "👍", "n4")) for _ in range(2)]
    assert client.outbox() == []
