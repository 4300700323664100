"""Typing, read marks, membership and the end of a login, told on another node than the one where they happen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from hubbub.errors import CloseCode
from hubbub.vocabulary import (
    Done,
    Join,
    Joined,
    Leave,
    Membership,
    Presence,
    Read,
    ReadChanged,
    ReadMark,
    RoomId,
    Typing,
    TypingChanged,
    Watch,
    Watching,
)
from tests.chat.client import TestConnection
from tests.chat.nodes import Nodes, opened_nodes
from tests.chat.world import say

GENERAL = RoomId("general")


@pytest_asyncio.fixture
async def nodes(tmp_path: Path) -> AsyncIterator[Nodes]:
    async with opened_nodes(tmp_path, 2) as nodes:
        yield nodes


async def watcher(nodes: Nodes, index: int, name: str) -> TestConnection:
    person = await nodes[index].person(name, "general")
    await person.ask(Watch(GENERAL), Watching)
    return person


async def test_typing_is_seen_on_all_nodes_but_by_the_typist_on_none(nodes: Nodes) -> None:
    ada, bob = await watcher(nodes, 0, "ada"), await watcher(nodes, 1, "bob")
    device = await watcher(nodes, 1, "ada")
    unseeing = await nodes[1].person("cyd", "general")

    assert await ada.ask(Typing(GENERAL), Done) == Done()
    await nodes.after(3)
    ada.tell(Typing(GENERAL, typing=False))
    await nodes.after(1)

    name = nodes[0].user("ada").name
    assert bob.all(TypingChanged) == [TypingChanged(GENERAL, name), TypingChanged(GENERAL, name, typing=False)]
    assert ada.all(TypingChanged) == device.all(TypingChanged) == unseeing.all(TypingChanged) == []


async def test_typing_costs_the_bus_a_signal_in_two_seconds(nodes: Nodes) -> None:
    ada, bob = await watcher(nodes, 0, "ada"), await watcher(nodes, 1, "bob")
    for _ in range(40):
        ada.tell(Typing(GENERAL))
        await nodes.after(0.25)
    assert len([item for _, _, item in nodes.bus.published if isinstance(item, TypingChanged)]) == 5
    assert len(bob.all(TypingChanged)) == 5


async def test_a_read_mark_is_told_to_my_devices_on_other_nodes(nodes: Nodes) -> None:
    ada, device = await nodes[0].person("ada", "general"), await nodes[1].person("ada", "general")
    bob = await nodes[1].person("bob", "general")
    await say(bob, "hello")
    await ada.has("general", 5)

    mark = await ada.ask(Read(GENERAL, 5), ReadMark)

    assert await device.until(lambda: device.all(ReadChanged) or None) == [ReadChanged(GENERAL, 5, mark.unread)]
    assert ada.all(ReadChanged) == bob.all(ReadChanged) == []


async def test_joining_and_leaving_is_told_to_my_devices_on_other_nodes(nodes: Nodes) -> None:
    ada, device = await nodes[0].person("ada"), await nodes[1].person("ada")

    await ada.ask(Join(GENERAL), Joined)
    await device.until(lambda: device.all(Membership) or None)
    await ada.ask(Leave(GENERAL), Done)
    told = await device.until(lambda: device.all(Membership)[1:] or None)

    assert told == [Membership(GENERAL, member=False)]
    assert device.all(Membership)[0] == Membership(GENERAL, member=True)
    assert ada.all(Membership) == []


async def test_leaving_ends_the_room_on_my_devices_on_other_nodes(nodes: Nodes) -> None:
    ada, device = await nodes[0].person("ada", "general"), await nodes[1].person("ada", "general")
    bob = await watcher(nodes, 1, "bob")
    await nodes.after(5)

    await ada.ask(Leave(GENERAL), Done)
    await bob.until(lambda: [event for event in bob.events("general") if event.seq == 5] or None)
    await nodes.after(5)
    await say(bob, "not for ada")

    assert device.texts("general") == []
    assert bob.all(Presence)[-1].offline == [nodes[0].user("ada").name]


async def test_a_login_that_ends_on_one_node_ends_its_connections_on_all(nodes: Nodes) -> None:
    here = await nodes[0].person("ada")
    nodes[1].tokens["ada"] = nodes[0].tokens["ada"]  # the same login
    there, bob = await nodes[1].person("ada"), await nodes[1].person("bob")

    login = await nodes[0].identity.authenticate(nodes[0].tokens["ada"])
    await nodes[0].identity.end(login, login.id)

    for person in (here, there):
        await person.gone()
        assert person.ended is not None
        assert person.ended.code is CloseCode.SESSION_ENDED
    assert bob.open


async def test_a_change_of_a_user_holds_on_all_nodes_at_once(nodes: Nodes) -> None:
    await nodes[0].person("ada")
    nodes[1].tokens["ada"] = nodes[0].tokens["ada"]
    await nodes[1].person("ada")  # now both nodes remember the login

    login = await nodes[0].identity.authenticate(nodes[0].tokens["ada"])
    await nodes[0].identity.set_title(login, "Countess")
    await nodes[0].ticks()

    seen = await nodes[1].identity.authenticate(nodes[0].tokens["ada"])
    assert seen.user.title == "Countess"
