"""Messages that outlive the process: a storage is filled and emptied as the contract says."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.client import Backoff, Client, Closed, Outgoing
from hubbub.errors import TextTooLong
from hubbub.vocabulary import RoomId, Send

from .scripted import TOKEN, WIRE, Scripted


def text_of(outgoing: Outgoing) -> str:
    assert isinstance(outgoing.command, Send)
    return outgoing.command.text


class Notebook:
    """A storage in memory, with every call noted."""

    def __init__(self, *kept: Outgoing) -> None:
        self.kept = {outgoing.nonce: outgoing for outgoing in kept}
        self.calls: list[str] = []
        self.broken = False

    async def load(self) -> list[Outgoing]:
        return list(self.kept.values())

    async def put(self, outgoing: Outgoing) -> None:
        self.calls.append(f"put {text_of(outgoing)}")
        self.kept[outgoing.nonce] = outgoing

    async def remove(self, nonce: str) -> None:
        if self.broken:
            raise OSError("the disk is gone")
        self.calls.append(f"remove {text_of(self.kept[nonce])}")
        del self.kept[nonce]


def client(server: Scripted, storage: Notebook) -> Client:
    return Client(server.url, TOKEN, backoff=Backoff(0.0), storage=storage)


async def test_a_message_is_kept_before_it_is_sent_and_until_it_is_acknowledged(server: Scripted) -> None:
    storage = Notebook()
    kept_when_sent: list[list[str]] = []

    async with client(server, storage) as one:
        await one.join("general")

        def look(connection: object, command: object) -> bool:
            if isinstance(command, Send):
                kept_when_sent.append([text_of(outgoing) for outgoing in storage.kept.values()])
            return False

        server.script = look
        await one.send("general", "hello")
    assert kept_when_sent == [["hello"]]
    assert storage.calls == ["put hello", "remove hello"]


async def test_what_an_earlier_process_left_goes_out_when_its_room_is_joined(server: Scripted) -> None:
    room = RoomId("general")
    storage = Notebook(Outgoing(Send(room, "first", "n1"), 1), Outgoing(Send(room, "second", "n2"), 2))
    async with client(server, storage) as one:
        assert one.state.sending == 2
        assert server.sends() == []
        await one.join("general")
        await server.until(lambda: server.sends() == ["first", "second"])
        await one.rooms()
    assert storage.kept == {}


async def test_what_the_server_had_stored_before_the_crash_is_not_said_twice(server: Scripted) -> None:
    server.say("once", nonce="n1")
    storage = Notebook(Outgoing(Send(RoomId("general"), "once", "n1"), 1))
    async with client(server, storage) as one:
        await one.join("general")
        assert (await one.send("general", "once", "n1")).repeat
    assert [message.text for message in server.log] == ["once"]
    assert storage.kept == {}


async def test_what_is_refused_is_not_kept(server: Scripted) -> None:
    storage = Notebook()

    def refuse(connection: object, command: object) -> bool:
        if isinstance(command, Send):
            server.write(server.connections[0], WIRE.encode_error(command.ref, TextTooLong()))
            return True
        return False

    server.script = refuse
    async with client(server, storage) as one:
        await one.join("general")
        with pytest.raises(TextTooLong):
            await one.send("general", "long")
    assert storage.kept == {}


async def test_what_is_not_acknowledged_is_kept_and_sent_by_the_next_connection(server: Scripted) -> None:
    storage = Notebook()
    server.script = lambda connection, command: isinstance(command, Send)
    one = await client(server, storage).connect()
    await one.join("general")
    sending = asyncio.create_task(one.send("general", "unfinished"))
    await server.until(lambda: len(server.sends()) == 1)
    await one.close()
    with pytest.raises(Closed):
        await sending
    assert [text_of(outgoing) for outgoing in storage.kept.values()] == ["unfinished"]
    server.script = lambda connection, command: False
    await one.connect()
    await server.until(lambda: len(server.sends()) == 2)
    await one.rooms()
    assert one.outbox() == []
    await one.close()
    assert storage.kept == {}


async def test_a_storage_that_fails_to_forget_is_no_failure_of_the_message(
    server: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    storage = Notebook()
    storage.broken = True
    async with client(server, storage) as one:
        await one.join("general")
        assert (await one.send("general", "stored")).seq == 1
    assert "could not be removed" in caplog.text
