"""The client and the server together: a whole journey, and a restart in the middle of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest

from hubbub.app import Application, running
from hubbub.client import Api, Backoff, Client, Credentials, Phase, Reset, RoomLost
from hubbub.config import Config
from hubbub.errors import CursorAhead, NameTaken, RoomExists, Unauthenticated, UnknownRoom, WrongCredentials
from hubbub.vocabulary import Event, MemberJoined, Message, RoomCreated, TypingChanged

SignUp = Callable[[str], Awaitable[Credentials]]


@pytest.fixture
async def hubbub(config: Config) -> AsyncIterator[Application]:
    async with running(config) as application:
        yield application


@pytest.fixture
def sign_up(hubbub: Application) -> SignUp:
    return lambda name: Api(hubbub.url).sign_up(name, "correct horse")


def of(hubbub: Application, login: Credentials) -> Client:
    return Client(hubbub.url, login.token, backoff=Backoff(0.01, 0.1))


async def test_two_users_talk(hubbub: Application, sign_up: SignUp) -> None:
    ada, bob = await sign_up("ada"), await sign_up("bob")
    async with of(hubbub, ada) as one, of(hubbub, bob) as other:
        assert (await one.create_room("tea", "Tea")).member
        joined = await one.join("tea", since=0)
        assert (joined.room, joined.title) == ("tea", "Tea")
        created, first = await anext(one.events()), await anext(one.events())
        assert isinstance(created, RoomCreated)
        assert isinstance(first, MemberJoined)
        await other.join("tea")
        sent = await other.send("tea", "hello")
        heard = [item async for item in _some(one, 2)]
        assert isinstance(heard[1], Message)
        assert (heard[1].text, heard[1].sender, heard[1].seq) == ("hello", "bob", sent.seq)
        assert [room.unread for room in await one.rooms()] == [1]
        assert (await one.read("tea", sent.seq)).unread == 0
        assert {member.name for member in (await one.members("tea")).members} == {"ada", "bob"}
        assert [entry.room for entry in (await one.directory()).rooms] == ["tea"]
        page = await one.history("tea", limit=2)
        assert ([event.seq for event in page.events], page.more) == ([sent.seq - 1, sent.seq], True)
        assert set((await one.watch("tea")).online) == {"ada", "bob"}
        other.typing("tea")
        typing = await anext(one.signals())
        assert isinstance(typing, TypingChanged)
        assert typing.room == "tea"
        await other.leave("tea")
        assert (await anext(one.events())).room == "tea"


async def test_errors_have_their_class(hubbub: Application, sign_up: SignUp) -> None:
    login = await sign_up("ada")
    async with of(hubbub, login) as client:
        await client.create_room("tea")
        with pytest.raises(RoomExists):
            await client.create_room("tea")
        with pytest.raises(UnknownRoom):
            await client.join("coffee")
        with pytest.raises(CursorAhead):
            await client.join("tea", since=1_000)
    with pytest.raises(NameTaken):
        await sign_up("ada")
    with pytest.raises(WrongCredentials):
        await Api(hubbub.url).sign_in("ada", "not the password")


async def test_a_server_tells_about_itself(hubbub: Application) -> None:
    about = await Api(hubbub.url).server()
    assert (about.name, about.signup, about.needs_setup) == ("Hubbub", "open", True)


async def test_a_wrong_token_is_final(hubbub: Application) -> None:
    with pytest.raises(Unauthenticated):
        await Client(hubbub.url, "x" * 43).connect(retry=True)


async def test_a_login_that_ends_takes_its_connection_along(hubbub: Application, sign_up: SignUp) -> None:
    login = await sign_up("ada")
    async with of(hubbub, login) as client:
        await Api(hubbub.url, login.token).sign_out()
        await client._session.state.until(lambda state: state.phase is Phase.CLOSED)
        assert client.state.error is not None


async def test_a_restart_loses_and_repeats_nothing(config: Config) -> None:
    async with running(config) as hubbub:
        login = await Api(hubbub.url).sign_up("ada", "correct horse")
        port = int(hubbub.url.rpartition(":")[2])
        client = await of(hubbub, login).connect()
        await client.create_room("tea")
        await client.join("tea")
        sends = [asyncio.create_task(client.send("tea", str(number))) for number in range(100)]
        await sends[30]
    async with running(msgspec.structs.replace(config, port=port)):
        sent = await asyncio.gather(*sends)
        heard = [item async for item in _some(client, 100)]
        await client.close()
    assert sorted(one.seq for one in sent) == list(range(3, 103))
    assert [item.seq for item in heard if isinstance(item, Message)] == list(range(3, 103))
    assert sorted(item.text for item in heard if isinstance(item, Message)) == sorted(map(str, range(100)))


async def _some(client: Client, count: int) -> AsyncIterator[Event | Reset | RoomLost]:
    stream = client.events()
    for _ in range(count):
        yield await anext(stream)
