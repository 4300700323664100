"""Users, rooms and messages in a store, in few words."""

from __future__ import annotations

from collections.abc import Sequence

from hubbub.store import Account, Appended, Draft, Refused, Store
from hubbub.vocabulary import RoomId, Seq, UserName

GENERAL = RoomId("general")
NOW = 1_790_000_000_000


async def person(store: Store, name: str, title: str = "") -> Account:
    return await store.accounts.create(UserName(name), title, "$argon2id$…", NOW)


async def team(store: Store, *names: str, room: RoomId = GENERAL) -> list[Account]:
    """People who are all members of one room; the first created it. Its head is 1 + the number of people."""
    people = [await person(store, name) for name in names]
    await store.rooms.create(room, "", "", people[0].id, NOW)
    for one in people[1:]:
        await store.rooms.join(room, one.id, NOW)
    return people


def draft(sender: Account, nonce: str, text: str = "hello", *, room: RoomId = GENERAL, ts: int = NOW) -> Draft:
    return Draft(room=room, sender_id=sender.id, sender=sender.name, nonce=nonce, text=text, ts=ts)


async def say(store: Store, sender: Account, *nonces: str, room: RoomId = GENERAL) -> list[Seq]:
    """Append one message per nonce in one call; their positions."""
    outcomes = await store.events.append([draft(sender, nonce, room=room) for nonce in nonces])
    return positions(outcomes)


def positions(outcomes: Sequence[Appended | Refused]) -> list[Seq]:
    found = [outcome.seq for outcome in outcomes if isinstance(outcome, Appended)]
    assert len(found) == len(outcomes), outcomes
    return found
