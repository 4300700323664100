"""Who may do what: every command by everybody, on a connection, against the table."""

from __future__ import annotations

import msgspec
import pytest

from hubbub.chat.access import MAY, check_outside_rooms, is_public, may, needs_room_role, roles_of
from hubbub.errors import Forbidden, Unauthenticated
from hubbub.vocabulary import Action, Auth, Command, Join, Leave, Reply, Role, RoomId, Subscribed, User, UserName
from hubbub.vocabulary.declaration import tag_of
from hubbub.vocabulary.describe.schema import COMMANDS, example_of

from .client import Failed, TestConnection
from .world import World

GENERAL = RoomId("general")
REFUSED = {"unauthenticated", "forbidden", "room_forbidden"}
LAST = [Leave, Join, Auth]
PEOPLE = {
    "stranger": frozenset({Role.STRANGER}),
    "user": frozenset({Role.USER}),
    "member": frozenset({Role.USER, Role.MEMBER}),
    "administrator": frozenset({Role.USER, Role.ADMINISTRATOR}),
    "administrator who is a member": frozenset({Role.USER, Role.MEMBER, Role.ADMINISTRATOR}),
}


async def somebody(world: World, who: str) -> TestConnection:
    """The first account of a store is its administrator's: the founder of the room."""
    await world.room(by="founder")
    match who:
        case "stranger":
            await world.account("ada")
            return await world.connect()
        case "user":
            return await world.person("ada")
        case "member":
            return await world.person("ada", GENERAL)
        case "administrator":
            await world.chat.perform(world.actors["founder"], Leave(GENERAL))
            return await world.person("founder")
        case _:
            return await world.person("founder", GENERAL)


def asked(world: World, who: str) -> list[Command]:
    """An example of each command, about the room; those that change who somebody is at the end."""
    name = "founder" if "administrator" in who else "ada"
    commands = [Auth(world.tokens[name]) if kind is Auth else example_of(kind) for kind in COMMANDS]
    commands.sort(
        key=lambda command: (isinstance(command, Auth), isinstance(command, Join), isinstance(command, Leave))
    )
    return [msgspec.convert(command, Command) for command in commands]


@pytest.mark.parametrize("who", PEOPLE)
async def test_everybody_may_what_the_table_says(world: World, who: str) -> None:
    person = await somebody(world, who)
    found = {}
    for command in asked(world, who):
        answer = await person.answer(person.begin(command))
        code = answer.code if isinstance(answer, Failed) else own_code(answer)
        found[tag_of(type(command))] = code if code in REFUSED else "may"
    assert found == {tag_of(kind): expected(kind.declared.access, PEOPLE[who]) for kind in COMMANDS}


def own_code(reply: Reply) -> str:
    """The code of the one room of a list."""
    errors = [one.error.code for one in reply.rooms if one.error is not None] if isinstance(reply, Subscribed) else []
    return "".join(errors)


def expected(action: Action, roles: frozenset[Role]) -> str:
    if MAY[action] & roles:
        return "may"
    if Role.STRANGER in roles:
        return "unauthenticated"
    return "room_forbidden" if Role.MEMBER in MAY[action] else "forbidden"


def test_every_action_has_a_row_that_somebody_is_in() -> None:
    assert MAY.keys() == set(Action)
    assert all(MAY.values())


def test_who_has_not_signed_in_is_a_stranger_and_nothing_else() -> None:
    ada = User(UserName("ada"))
    assert roles_of(None) == {Role.STRANGER}
    assert roles_of(ada) == {Role.USER}
    assert roles_of(msgspec.structs.replace(ada, admin=True), member=True) == {
        Role.USER,
        Role.MEMBER,
        Role.ADMINISTRATOR,
    }


def test_an_administrator_reads_no_room_that_it_is_not_in() -> None:
    assert not may(Action.READ_ROOM, PEOPLE["administrator"])
    assert needs_room_role(Action.READ_ROOM)
    assert not needs_room_role(Action.CREATE_ROOM)


def test_what_is_plain_without_a_room_is_refused_without_looking_at_one() -> None:
    ada = User(UserName("ada"))
    check_outside_rooms(Action.READ_ROOM, ada)  # it depends on the room
    assert is_public(Action.SIGN_IN)
    check_outside_rooms(Action.SIGN_IN, None)
    with pytest.raises(Unauthenticated):
        check_outside_rooms(Action.READ_ROOM, None)
    with pytest.raises(Forbidden):
        check_outside_rooms(Action.CHANGE_SERVER, ada)
    check_outside_rooms(Action.CHANGE_SERVER, msgspec.structs.replace(ada, admin=True))
