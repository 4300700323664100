"""Which method carries out which command is complete and unambiguous before anybody connects."""

from __future__ import annotations

from typing import Any

import pytest

from hubbub.chat.access import MAY, Actor
from hubbub.chat.registry import Registry, at_once, collect, on_connection, performs
from hubbub.vocabulary import Action, Auth, Done, History, Join, Leave, Role, Send, Typing

from .world import World


class Leaving:
    """One method for each way."""

    @performs(Leave)
    async def leave(self, actor: Actor, command: Leave, origin: str) -> Done:
        return Done()

    @on_connection(Join)
    async def join(self, state: Any, command: Join) -> None: ...

    @at_once(Typing)
    def typing(self, state: Any, actor: Actor, feed: Any, command: Typing) -> bool:
        return True

    def unmarked(self) -> None: ...


def test_marked_methods_are_found_by_the_type_of_the_command() -> None:
    owner = Leaving()
    found = collect(owner)
    assert found.performers == {Leave: owner.leave}
    assert found.on_connection == {Join: owner.join}
    assert found.immediate == {Typing: owner.typing}


def test_two_methods_for_one_command_are_refused() -> None:
    with pytest.raises(TypeError, match="Leave is carried out by two methods"):
        collect(Leaving(), Leaving())


async def test_the_chat_carries_out_every_command(world: World) -> None:
    world.chat._registry.check()


async def test_a_command_that_nothing_carries_out_is_refused(world: World) -> None:
    whole = world.chat._registry
    for kind, table, wrong in (
        (Auth, "on_connection", "nothing carries it out"),
        (History, "performers", "nothing carries it out"),
        (Join, "performers", "it has a REST operation"),
        (Send, "performers", "it has a REST operation"),
        (Send, "immediate", "what is for joined rooms is done at once"),
    ):
        tables: dict[str, Any] = {
            name: {k: v for k, v in getattr(whole, name).items() if (k, name) != (kind, table)}
            for name in ("immediate", "on_connection", "performers")
        }
        with pytest.raises(TypeError, match=f"{kind.__name__}: {wrong}"):
            Registry(**tables).check()


async def test_what_is_done_without_a_look_at_the_room_is_for_members(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for roles in ({Role.USER, Role.MEMBER}, {Role.ADMINISTRATOR}):
        monkeypatch.setitem(MAY, Action.WRITE, frozenset(roles))
        with pytest.raises(TypeError, match="Send: whoever has joined is a member"):
            world.chat._registry.check()
