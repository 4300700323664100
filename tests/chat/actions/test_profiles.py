"""A new display name reaches those who share a room with its user, on every node, once each."""

from __future__ import annotations

from pathlib import Path

from hubbub.errors import StoreUnavailable
from hubbub.vocabulary import (
    Auth,
    CreateRoom,
    Join,
    Joined,
    ProfileChanged,
    RoomEntry,
    RoomId,
    Subscribed,
    User,
    UserName,
    Welcome,
)
from tests.chat.client import TestConnection
from tests.chat.nodes import opened_nodes
from tests.chat.world import World

ROOMS = [RoomId("tea"), RoomId("cake"), RoomId("garden")]


async def rename(world: World, title: str) -> None:
    """Ada calls herself so, by REST."""
    await world.identity.set_title(await world.identity.authenticate(world.tokens["ada"]), title)


def titles(connection: TestConnection) -> list[str]:
    return [signal.user.title for signal in connection.all(ProfileChanged)]


async def told(connection: TestConnection, title: str) -> None:
    await connection.until(lambda: title if title in titles(connection) else None)


async def in_rooms(world: World, name: str, *rooms: RoomId) -> TestConnection:
    person = await world.person(name)
    for room in rooms:
        await person.ask(Join(room), Joined)
    return person


async def ada_in_all(world: World) -> TestConnection:
    """Ada, who has made the rooms and has joined none of them on this connection."""
    ada = await world.person("ada")
    for room in ROOMS:
        await ada.ask(CreateRoom(room), RoomEntry)
    return ada


async def test_a_new_name_reaches_the_users_rooms_once_for_each_connection(world: World) -> None:
    ada = await ada_in_all(world)
    bob = await in_rooms(world, "bob", *ROOMS)
    stranger = await world.person("cyd")

    await rename(world, "Countess")

    for connection in (ada, bob):
        await told(connection, "Countess")
    await world.ticks()
    assert bob.all(ProfileChanged) == [ProfileChanged(User(UserName("ada"), "Countess", admin=True))]
    assert titles(ada) == ["Countess"]
    assert titles(stranger) == []


async def test_the_same_name_again_is_no_news(world: World) -> None:
    ada = await ada_in_all(world)
    await rename(world, "Ada")
    await rename(world, "Countess")
    await told(ada, "Countess")
    assert titles(ada) == ["Countess"]


async def test_one_that_does_not_read_is_not_told_and_one_that_is_behind_is(world: World) -> None:
    await ada_in_all(world)
    deaf, behind = await in_rooms(world, "bob", *ROOMS), await in_rooms(world, "cyd", *ROOMS)
    deaf.fill()
    world.store.hold("events.after")
    ref = behind.begin(Join(ROOMS[0], since=0))
    assert isinstance(await behind.answer(ref), Joined)

    await rename(world, "Countess")

    await told(behind, "Countess")
    world.store.release("events.after")
    assert titles(deaf) == []


async def test_of_two_names_in_a_row_the_later_one_is_told_last(world: World) -> None:
    ada = await ada_in_all(world)
    bob = await in_rooms(world, "bob", *ROOMS)
    world.store.hold("rooms.ids_of_user")
    await rename(world, "Countess")
    await world.store.reached("rooms.ids_of_user")
    await rename(world, "Lady")
    world.store.release("rooms.ids_of_user")
    for connection in (ada, bob):
        await told(connection, "Lady")
        assert titles(connection)[-1] == "Lady"


async def test_a_connection_acts_under_the_new_name(world: World) -> None:
    ada = await ada_in_all(world)
    await rename(world, "Countess")
    await told(ada, "Countess")
    ada.forget()
    await ada.ask(Auth(world.tokens["ada"]), Subscribed)
    assert ada.all(Welcome)[0].user.title == "Countess"


async def test_a_store_that_does_not_answer_ends_nothing(world: World) -> None:
    ada = await ada_in_all(world)
    world.store.fail("rooms.ids_of_user", StoreUnavailable())
    await rename(world, "Countess")
    await world.ticks()
    world.store.repair("rooms.ids_of_user")
    await rename(world, "Lady")
    await told(ada, "Lady")
    assert ada.open


async def test_the_other_nodes_tell_it_too(tmp_path: Path) -> None:
    async with opened_nodes(tmp_path, 2) as nodes:
        await ada_in_all(nodes[0])
        bob = await in_rooms(nodes[1], "bob", *ROOMS)
        await rename(nodes[0], "Countess")
        await told(bob, "Countess")
        assert titles(bob) == ["Countess"]
