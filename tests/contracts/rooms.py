"""The contract of `RoomStore`."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from hubbub.errors import CursorAhead, RoomExists, RoomForbidden, UnknownRoom
from hubbub.store import Appended, Refused, RoomHead, Store, StoredMember
from hubbub.store.drafts import creation, joining
from hubbub.vocabulary import (
    MemberJoined,
    MemberLeft,
    RoomCreated,
    RoomEntry,
    RoomId,
    RoomState,
    User,
    UserId,
    UserName,
)

from .changes import react
from .people import GENERAL, NOW, append, create, draft, join, leave, person, say, team

NOWHERE = RoomId("nowhere")


class RoomContract:
    async def test_a_room_begins_with_its_creation_and_its_creator(self, store: Store) -> None:
        ada = await person(store, "ada", "Ada")

        events = await create(store, ada.id, GENERAL, "The room", "Anything")

        assert events == [
            RoomCreated(GENERAL, 1, ada.name, NOW, "The room", "Anything"),
            MemberJoined(GENERAL, 2, ada.name, NOW, "Ada"),
        ]
        assert await store.events.after(GENERAL, 0, 10) == events

    async def test_a_room_id_can_be_used_once(self, store: Store) -> None:
        ada, bob = await person(store, "ada"), await person(store, "bob")
        await create(store, ada.id)

        with pytest.raises(RoomExists):
            await create(store, bob.id)
        assert await store.rooms.heads([GENERAL]) == {GENERAL: 2}
        assert not (await store.rooms.head(GENERAL, bob.id)).member

    async def test_of_the_same_room_at_once_one_is_created(self, store: Store) -> None:
        ada = await person(store, "ada")

        outcomes = await asyncio.gather(*(create(store, ada.id) for _ in range(5)), return_exceptions=True)

        assert sum(isinstance(outcome, RoomExists) for outcome in outcomes) == 4
        assert await store.rooms.heads([GENERAL]) == {GENERAL: 2}

    async def test_nobody_can_neither_create_nor_join(self, store: Store) -> None:
        await team(store, "ada")

        nobody = User(UserName("nobody"))
        drafts = [
            *creation(RoomId("new"), "", "", UserId(99), nobody),
            joining(GENERAL, UserId(99), nobody),
        ]

        assert await store.events.append(drafts, NOW) == [
            Refused("unknown_user"),
            Refused("unknown_room"),
            Refused("unknown_user"),
        ]
        assert await store.rooms.heads([GENERAL, RoomId("new")]) == {GENERAL: 2}

    async def test_head_tells_what_joining_needs(self, store: Store) -> None:
        ada = await person(store, "ada")
        bob = await person(store, "bob")
        await create(store, ada.id, GENERAL, "The room", "Anything")
        await say(store, ada, "1", "2")

        head = await store.rooms.head(GENERAL, ada.id)
        assert head == RoomHead(GENERAL, "The room", "Anything", head.epoch, head=4, read=4, unread=0, member=True)
        assert await store.rooms.head(GENERAL, bob.id) == RoomHead(
            GENERAL, "The room", "Anything", head.epoch, head=4, read=0, unread=0, member=False
        )

    async def test_every_room_has_an_epoch_of_its_own_that_stays(self, store: Store) -> None:
        ada = await person(store, "ada")
        rooms = [RoomId(f"room{number}") for number in range(5)]
        for room in rooms:
            await create(store, ada.id, room)
        epochs = [(await store.rooms.head(room, ada.id)).epoch for room in rooms]
        await say(store, ada, "1", room=rooms[0])
        lineage = await store.lineage()
        assert lineage == await store.lineage()

        await store.close()
        await store.open()

        assert len({*epochs}) == 5
        assert all(0 < epoch < 2**53 for epoch in epochs)
        assert [(await store.rooms.head(room, ada.id)).epoch for room in rooms] == epochs
        assert [state.epoch for state in await store.rooms.of_user(ada.id, None, 9)] == epochs

    async def test_many_heads_at_once_are_each_their_own(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        await create(store, bob.id, RoomId("other"))

        one, two, three, four = await asyncio.gather(
            store.rooms.head(GENERAL, ada.id),
            store.rooms.head(NOWHERE, ada.id),
            store.rooms.head(RoomId("other"), ada.id),
            store.rooms.head(RoomId("other"), bob.id),
            return_exceptions=True,
        )

        assert isinstance(two, UnknownRoom)
        assert [(head.room, head.head, head.member) for head in (one, three, four) if isinstance(head, RoomHead)] == [
            (GENERAL, 3, True),
            (RoomId("other"), 2, False),
            (RoomId("other"), 2, True),
        ]

    async def test_heads_are_of_rooms_that_exist(self, store: Store) -> None:
        ada, _ = await team(store, "ada", "bob")
        await create(store, ada.id, RoomId("other"))

        assert await store.rooms.heads([GENERAL, NOWHERE, RoomId("other")]) == {GENERAL: 3, RoomId("other"): 2}
        assert await store.rooms.heads([]) == {}

    async def test_the_directory_lists_rooms_by_id_in_pages(self, store: Store) -> None:
        ada, bob = await person(store, "ada"), await person(store, "bob")
        for room in ("b-room", "a-room", "c-room"):
            await create(store, ada.id, RoomId(room), room.upper(), "topic")
        await join(store, bob.id, RoomId("b-room"))

        first = await store.rooms.directory(bob.id, None, 2)
        rest = await store.rooms.directory(bob.id, first[-1].room, 2)

        assert first == [
            RoomEntry(RoomId("a-room"), "A-ROOM", "topic", members=1, member=False),
            RoomEntry(RoomId("b-room"), "B-ROOM", "topic", members=2, member=True),
        ]
        assert [entry.room for entry in rest] == ["c-room"]

    async def test_a_users_rooms_are_listed_oldest_first_with_their_state(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        await create(store, ada.id, RoomId("a-room"), "A", "topic")
        await store.events.append([draft(ada, "1")], NOW + 7)

        def states(found: list[RoomState]) -> list[RoomState]:
            return [replace(state, epoch=0) for state in found]

        assert states(await store.rooms.of_user(ada.id, None, 9)) == [
            RoomState(GENERAL, head=4, read=4, unread=0, last_ts=NOW + 7),
            RoomState(RoomId("a-room"), head=2, read=1, unread=0, title="A", topic="topic", last_ts=NOW),
        ]
        assert states(await store.rooms.of_user(bob.id, None, 9)) == [
            RoomState(GENERAL, head=4, read=2, unread=1, last_ts=NOW + 7)
        ]

    async def test_a_users_rooms_come_in_pages(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        for name in ("c", "a", "b"):
            await create(store, (bob if name == "a" else ada).id, RoomId(name))

        first = await store.rooms.of_user(ada.id, None, 2)
        assert [state.room for state in first] == [GENERAL, "c"]
        assert [state.room for state in await store.rooms.of_user(ada.id, first[-1].room, 2)] == ["b"]
        assert [state.room for state in await store.rooms.of_user(ada.id, RoomId("a"), 2)] == ["b"]
        assert await store.rooms.of_user(ada.id, RoomId("b"), 2) == []
        assert await store.rooms.ids_of_user(ada.id, None, 2) == [GENERAL, "c"]
        assert await store.rooms.ids_of_user(ada.id, RoomId("c"), 2) == ["b"]
        with pytest.raises(UnknownRoom):
            await store.rooms.ids_of_user(ada.id, RoomId("nowhere"), 2)
        with pytest.raises(UnknownRoom):
            await store.rooms.of_user(ada.id, RoomId("nowhere"), 2)

    async def test_members_are_listed_by_name_in_pages_with_their_number(self, store: Store) -> None:
        ada, cyd, bob = await team(store, "ada", "cyd", "bob")
        await store.accounts.update(bob.id, title="Bob")

        first, total = await store.rooms.members(GENERAL, None, 2)
        rest, _ = await store.rooms.members(GENERAL, first[-1].name, 2)

        assert total == 3
        assert first == [StoredMember(ada.id, ada.name, "", NOW), StoredMember(bob.id, bob.name, "Bob", NOW)]
        assert rest == [StoredMember(cyd.id, cyd.name, "", NOW)]

    async def test_joining_is_an_event_once(self, store: Store) -> None:
        await team(store, "ada")
        bob = await person(store, "bob", "Bob")

        assert await join(store, bob.id, now_ms=NOW + 1) == MemberJoined(GENERAL, 3, bob.name, NOW + 1, "Bob")
        assert await join(store, bob.id, now_ms=NOW + 2) is None
        assert (await store.rooms.head(GENERAL, bob.id)).head == 3

    async def test_nothing_old_is_unread_for_a_new_member(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        await say(store, ada, "1", "2")
        bob = await person(store, "bob")
        await join(store, bob.id)
        await say(store, ada, "3")

        state = await store.rooms.head(GENERAL, bob.id)
        assert (state.read, state.unread) == (4, 1)

    async def test_leaving_is_an_event_once(self, store: Store) -> None:
        _, bob = await team(store, "ada", "bob")

        assert await leave(store, bob.id, now_ms=NOW + 1) == MemberLeft(GENERAL, 4, bob.name, NOW + 1)
        assert await leave(store, bob.id, now_ms=NOW + 2) is None
        assert not (await store.rooms.head(GENERAL, bob.id)).member
        assert await store.rooms.of_user(bob.id, None, 9) == []

    async def test_events_keep_the_display_name_of_their_time(self, store: Store) -> None:
        await team(store, "ada")
        bob = await person(store, "bob", "Bob")
        joined = await join(store, bob.id)
        await store.accounts.update(bob.id, title="Robert")

        assert await store.events.after(GENERAL, 2, 10) == [joined]
        assert isinstance(joined, MemberJoined)
        assert joined.title == "Bob"

    async def test_the_read_mark_moves_forward_only(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        await say(store, ada, "1", "2", "3")

        assert await store.rooms.mark_read(GENERAL, bob.id, 5) == (5, 1)
        assert await store.rooms.mark_read(GENERAL, bob.id, 4) == (5, 1)
        assert await store.rooms.mark_read(GENERAL, bob.id, 6) == (6, 0)

    async def test_a_read_mark_past_the_head_is_refused(self, store: Store) -> None:
        _, bob = await team(store, "ada", "bob")

        for seq in (4, 2**63, 10**30):
            with pytest.raises(CursorAhead):
                await store.rooms.mark_read(GENERAL, bob.id, seq)
        assert await store.rooms.mark_read(GENERAL, bob.id, 3) == (3, 0)

    async def test_only_members_have_a_read_mark(self, store: Store) -> None:
        await team(store, "ada")
        bob = await person(store, "bob")

        with pytest.raises(RoomForbidden):
            await store.rooms.mark_read(GENERAL, bob.id, 1)

    async def test_only_messages_of_others_count_as_unread(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        await say(store, bob, "mine")
        await say(store, ada, "1")
        cyd = await person(store, "cyd")
        await join(store, cyd.id)
        await say(store, ada, "2")

        assert (await store.rooms.head(GENERAL, bob.id)).unread == 2

    async def test_who_sends_has_read_up_to_there(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        await say(store, ada, "1", "2")

        await say(store, bob, "1")
        await append(store, react(bob, 4))
        assert await store.rooms.mark_read(GENERAL, bob.id, 4) == (6, 0)
        await say(store, ada, "3")
        assert [(state.read, state.unread) for state in await store.rooms.of_user(bob.id, None, 9)] == [(6, 1)]
        assert await store.events.append([draft(bob, "1")], NOW) == [Appended(6, NOW, repeat=True)]
        head = await store.rooms.head(GENERAL, bob.id)
        assert (head.read, head.unread) == (6, 1)

    async def test_what_senders_have_read_is_kept_over_a_close(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        await say(store, ada, "1")
        await say(store, bob, "1")
        await store.close()
        await store.open()

        head = await store.rooms.head(GENERAL, bob.id)
        assert (head.read, head.unread) == (5, 0)

    async def test_sending_never_moves_a_read_mark_back(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        await say(store, bob, "1")
        await say(store, ada, "1", "2")
        await store.rooms.mark_read(GENERAL, bob.id, 6)

        assert (await store.rooms.head(GENERAL, bob.id)).read == 6

    async def test_unread_counts_up_to_a_thousand(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        await say(store, ada, *map(str, range(1_001)))

        assert (await store.rooms.head(GENERAL, bob.id)).unread == 1_000
        assert (await store.rooms.mark_read(GENERAL, bob.id, 4)) == (4, 1_000)
        assert (await store.rooms.mark_read(GENERAL, bob.id, 5)) == (5, 999)

    async def test_an_unknown_room_is_named_so(self, store: Store) -> None:
        ada = await person(store, "ada")

        with pytest.raises(UnknownRoom):
            await store.rooms.head(NOWHERE, ada.id)
        with pytest.raises(UnknownRoom):
            await store.rooms.members(NOWHERE, None, 10)
        with pytest.raises(UnknownRoom):
            await join(store, ada.id, NOWHERE)
        with pytest.raises(UnknownRoom):
            await leave(store, ada.id, NOWHERE)
        with pytest.raises(UnknownRoom):
            await store.rooms.mark_read(NOWHERE, ada.id, 1)
