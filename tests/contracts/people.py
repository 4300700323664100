"""Users, rooms and messages in a store, in few words."""

from __future__ import annotations

from collections.abc import Sequence

from hubbub.store import Account, Appended, Draft, Refused, Store
from hubbub.store.codec import placed
from hubbub.store.drafts import creation, joining, leaving
from hubbub.vocabulary import Event, Message, RoomId, Seq, UserId, UserName

GENERAL = RoomId("general")
NOW = 1_790_000_000_000


async def person(store: Store, name: str, title: str = "") -> Account:
    return await store.accounts.create(UserName(name), title, "$argon2id$…", NOW)


async def team(store: Store, *names: str, room: RoomId = GENERAL) -> list[Account]:
    """People who are all members of one room; the first created it. Its head is 1 + the number of people."""
    people = [await person(store, name) for name in names]
    await create(store, people[0].id, room)
    for one in people[1:]:
        await join(store, one.id, room)
    return people


async def create(
    store: Store, creator: UserId, room: RoomId = GENERAL, title: str = "", topic: str = "", *, now_ms: int = NOW
) -> list[Event]:
    """Create a room: its first two events. Raises what refuses it."""
    user = await store.accounts.profile(creator)
    return await append(store, *creation(room, title, topic, creator, user), now_ms=now_ms)


async def join(store: Store, user_id: UserId, room: RoomId = GENERAL, *, now_ms: int = NOW) -> Event | None:
    """Make somebody a member: the event, or None when it is one. Raises what refuses it."""
    user = await store.accounts.profile(user_id)
    events = await append(store, joining(room, user_id, user), now_ms=now_ms)
    return events[0] if events else None


async def leave(store: Store, user_id: UserId, room: RoomId = GENERAL, *, now_ms: int = NOW) -> Event | None:
    """End a membership: the event, or None when there is none. Raises what refuses it."""
    user = await store.accounts.profile(user_id)
    events = await append(store, leaving(room, user_id, user), now_ms=now_ms)
    return events[0] if events else None


async def append(store: Store, *drafts: Draft, now_ms: int = NOW) -> list[Event]:
    """Append in one call: the events that are new. Raises what refuses the first one that is refused."""
    events: list[Event] = []
    for one, outcome in zip(drafts, await store.events.append(drafts, now_ms), strict=True):
        if isinstance(outcome, Refused):
            raise outcome.error()
        if not outcome.repeat:
            events.append(placed(one.event, outcome.seq, outcome.ts))
    return events


def draft(sender: Account, nonce: str, text: str = "hello", *, room: RoomId = GENERAL) -> Draft:
    """A message."""
    return Draft(Message(room, 0, sender.name, 0, text), sender.id, nonce)


async def say(store: Store, sender: Account, *nonces: str, room: RoomId = GENERAL) -> list[Seq]:
    """Append one message per nonce in one call; their positions."""
    outcomes = await store.events.append([draft(sender, nonce, room=room) for nonce in nonces], NOW)
    return positions(outcomes)


def positions(outcomes: Sequence[Appended | Refused]) -> list[Seq]:
    found = [outcome.seq for outcome in outcomes if isinstance(outcome, Appended)]
    assert len(found) == len(outcomes), outcomes
    return found
