"""A login that has expired takes its connections with it, in time; one that is used goes on."""

from __future__ import annotations

from hubbub.errors import CloseCode, StoreUnavailable
from hubbub.identity.identity import ABSENCE_MS
from hubbub.vocabulary import CreateRoom, Join, Joined, RoomEntry, RoomId

from .client import TestConnection
from .world import World, say

LIFE_SECONDS = 10_000
"""How long a login of the tests' world lasts without use."""


def reason(connection: TestConnection) -> tuple[CloseCode, str]:
    assert connection.ended is not None
    return connection.ended.code, connection.ended.reason


async def looked_up(world: World, seconds: float) -> None:
    """So much later the store has been asked, and its answer has been used."""
    world.store.hold("logins.expiries")
    world.clock.stall(seconds)
    await world.store.reached("logins.expiries")
    world.store.release("logins.expiries")
    await world.ticks(50)


async def test_an_expired_login_is_cut_in_time_and_told_why(world: World) -> None:
    ada, phone = await world.person("ada"), await world.person("ada")
    world.clock.advance(LIFE_SECONDS - 1)
    await world.ticks()
    bob = await world.person("bob")
    world.clock.advance(2)

    await ada.gone()
    await phone.gone()
    assert reason(ada) == reason(phone) == (CloseCode.SESSION_ENDED, "session expired")
    await world.ticks()
    assert bob.open


async def test_each_goes_at_its_own_time(world: World) -> None:
    ada = await world.person("ada")
    world.clock.advance(5_000)
    bob = await world.person("bob")
    world.clock.advance(5_001)
    await ada.gone()
    assert bob.open
    world.clock.advance(5_000)
    await bob.gone()
    assert reason(bob) == (CloseCode.SESSION_ENDED, "session expired")


async def test_a_login_that_was_used_elsewhere_goes_on(world: World) -> None:
    ada = await world.person("ada")
    world.clock.advance(5_000)
    await world.store.logins.touch(world.actors["ada"].session, world.clock.ms(), world.clock.ms() + 10_000_000)
    await looked_up(world, 5_001)
    assert ada.open
    await looked_up(world, 5_000)
    await ada.gone()


async def test_whoever_sends_uses_the_login(world: World) -> None:
    ada = await world.person("ada")
    await ada.ask(CreateRoom(RoomId("general")), RoomEntry)
    await ada.ask(Join(RoomId("general")), Joined)
    await say(ada, "I am here")
    world.store.hold("logins.touch")
    world.clock.advance(3_601)
    await world.store.reached("logins.touch")
    world.store.release("logins.touch")
    await looked_up(world, 10_000)
    assert ada.open
    await looked_up(world, ABSENCE_MS / 1000)
    await ada.gone()
    assert reason(ada) == (CloseCode.SESSION_ENDED, "session expired")


async def test_one_that_has_ended_meanwhile_is_cut_too(world: World) -> None:
    ada = await world.person("ada")
    await world.store.logins.end(world.actors["ada"].user_id, world.actors["ada"].session)  # unheard of here
    world.clock.advance(LIFE_SECONDS + 1)
    await ada.gone()


async def test_a_store_that_does_not_answer_is_asked_again(world: World) -> None:
    ada = await world.person("ada")
    world.store.fail("logins.expiries", StoreUnavailable())
    world.clock.advance(LIFE_SECONDS + 1)
    await world.ticks(50)
    assert ada.open
    world.store.repair("logins.expiries")
    world.clock.advance(1)
    await ada.gone()
