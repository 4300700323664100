"""The contract of `EventStore`."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.errors import BadField
from hubbub.store import Appended, Refused, Store
from hubbub.store.drafts import creation, joining
from hubbub.vocabulary import Event, Message, RoomId, User

from .people import GENERAL, NOW, create, draft, join, leave, person, positions, say, team

STRANGE_TEXTS = [
    "",
    "a\0b\0",
    "\x10 \x100 \x10\0 \x10\x10",
    "\N{GRINNING FACE} e\N{COMBINING ACUTE ACCENT} \N{RIGHT-TO-LEFT OVERRIDE}",
    '"quoted" \\ \b\f\n\r\t\x01\x1f\x7f',
    "\u2028\u2029\ufffe\uffff\U0010ffff",
    "'); DROP TABLE events; --",
    "123",
    "null",
    "[1,2]",
    "x" * 100_000,
]


class EventContract:
    async def test_messages_take_the_next_positions_in_order(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")

        outcomes = await store.events.append(
            [draft(ada, "1", "one"), draft(bob, "1", "two"), draft(ada, "2", "three")], NOW + 1
        )

        assert outcomes == [Appended(4, NOW + 1), Appended(5, NOW + 1), Appended(6, NOW + 1)]
        assert await store.events.after(GENERAL, 3, 10) == [
            Message(GENERAL, 4, ada.name, NOW + 1, "one"),
            Message(GENERAL, 5, bob.name, NOW + 1, "two"),
            Message(GENERAL, 6, ada.name, NOW + 1, "three"),
        ]

    async def test_every_room_counts_by_itself(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        other = RoomId("other")
        await create(store, ada.id, other)

        outcomes = await store.events.append(
            [draft(ada, "1"), draft(ada, "1", room=other), draft(ada, "2"), draft(ada, "2", room=other)], NOW
        )

        assert positions(outcomes) == [3, 3, 4, 4]

    async def test_nothing_to_append_is_nothing(self, store: Store) -> None:
        assert await store.events.append([], NOW) == []

    @pytest.mark.parametrize("text", STRANGE_TEXTS, ids=lambda text: ascii(text)[:20])
    async def test_a_text_keeps_every_character(self, store: Store, text: str) -> None:
        [ada] = await team(store, "ada")
        nonce = text[:64] or "-"

        await store.events.append([draft(ada, nonce, text)], NOW)
        repeat = await store.events.append([draft(ada, nonce, "other")], NOW)

        assert await store.events.after(GENERAL, 2, 10) == [Message(GENERAL, 3, ada.name, NOW, text)]
        assert repeat == [Appended(3, NOW, repeat=True)]

    async def test_a_text_that_is_not_unicode_is_refused_with_its_call(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")

        bad, good = await asyncio.gather(
            store.events.append([draft(ada, "1"), draft(ada, "2", "\ud800")], NOW),
            store.events.append([draft(bob, "1")], NOW),
            return_exceptions=True,
        )

        assert isinstance(bad, BadField)
        assert good == [Appended(4, NOW)]
        assert [event.seq for event in await store.events.after(GENERAL, 0, 10)] == [1, 2, 3, 4]

    async def test_a_repeated_nonce_gives_the_first_message(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        await store.events.append([draft(ada, "n", "first")], NOW + 1)

        again = await store.events.append([draft(ada, "n", "second")], NOW + 9)

        assert again == [Appended(3, NOW + 1, repeat=True)]
        assert await store.events.after(GENERAL, 2, 10) == [Message(GENERAL, 3, ada.name, NOW + 1, "first")]

    async def test_a_nonce_repeated_in_one_call_is_stored_once(self, store: Store) -> None:
        [ada] = await team(store, "ada")

        outcomes = await store.events.append([draft(ada, "n"), draft(ada, "m"), draft(ada, "n")], NOW)

        assert outcomes == [Appended(3, NOW), Appended(4, NOW), Appended(3, NOW, repeat=True)]

    async def test_old_and_new_messages_in_one_call(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        await say(store, ada, "1", "2")

        outcomes = await store.events.append([draft(ada, nonce) for nonce in ("2", "3", "1", "3", "4")], NOW)

        assert outcomes == [
            Appended(4, NOW, repeat=True),
            Appended(5, NOW),
            Appended(3, NOW, repeat=True),
            Appended(5, NOW, repeat=True),
            Appended(6, NOW),
        ]

    async def test_only_old_messages_in_one_call(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        await say(store, ada, "1")

        assert await store.events.append([draft(ada, "1"), draft(ada, "1")], NOW) == [Appended(3, NOW, repeat=True)] * 2

    async def test_a_nonce_belongs_to_its_sender_and_room(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        other = RoomId("other")
        await create(store, ada.id, other)

        outcomes = await store.events.append([draft(ada, "n"), draft(bob, "n"), draft(ada, "n", room=other)], NOW)

        assert outcomes == [Appended(4, NOW), Appended(5, NOW), Appended(3, NOW)]

    async def test_who_is_not_a_member_is_refused_and_the_others_go_on(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        bob = await person(store, "bob")

        outcomes = await store.events.append(
            [draft(ada, "1"), draft(bob, "1"), draft(ada, "2", room=RoomId("nowhere")), draft(ada, "3")], NOW
        )

        assert outcomes == [Appended(3, NOW), Refused("room_forbidden"), Refused("unknown_room"), Appended(4, NOW)]

    async def test_who_left_is_refused_and_may_come_back(self, store: Store) -> None:
        _, bob = await team(store, "ada", "bob")
        await say(store, bob, "1")

        await leave(store, bob.id)
        assert await store.events.append([draft(bob, "1"), draft(bob, "2")], NOW) == [Refused("room_forbidden")] * 2

        await join(store, bob.id)
        assert await store.events.append([draft(bob, "1"), draft(bob, "2")], NOW) == [
            Appended(4, NOW, repeat=True),
            Appended(7, NOW),
        ]

    async def test_who_was_refused_before_joining_is_not_afterwards(self, store: Store) -> None:
        await team(store, "ada")
        bob = await person(store, "bob")

        refused, joined, taken = await asyncio.gather(
            store.events.append([draft(bob, "1")], NOW),
            store.events.append([joining(GENERAL, bob.id, User(bob.name))], NOW),
            store.events.append([draft(bob, "1")], NOW),
        )

        assert refused == [Refused("room_forbidden")]
        assert joined == [Appended(3, NOW)]
        assert taken == [Appended(4, NOW)]

    async def test_a_room_may_be_used_in_the_moment_of_its_creation(self, store: Store) -> None:
        ada = await person(store, "ada")

        refused, _, taken = await asyncio.gather(
            store.events.append([draft(ada, "1")], NOW),
            store.events.append(creation(GENERAL, "", "", ada.id, User(ada.name)), NOW),
            store.events.append([draft(ada, "1")], NOW),
        )

        assert refused == [Refused("unknown_room")]
        assert taken == [Appended(3, NOW)]

    async def test_calls_that_overlap_take_effect_in_their_order(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")

        outcomes = await asyncio.gather(
            *(store.events.append([draft(ada, f"{n}a"), draft(bob, f"{n}b")], NOW) for n in range(100))
        )

        assert [positions(one) for one in outcomes] == [[4 + 2 * n, 5 + 2 * n] for n in range(100)]

    async def test_a_log_has_no_holes_under_all_kinds_of_writes(self, store: Store) -> None:
        ada, bob, cyd = await team(store, "ada", "bob", "cyd")

        async def come_and_go() -> None:
            for _ in range(10):
                await leave(store, cyd.id)
                await join(store, cyd.id)

        async def talk(name: str) -> None:
            for n in range(20):
                await store.events.append(
                    [draft(ada, f"{name}{n}"), draft(bob, "always the same"), draft(cyd, name)], NOW
                )

        await asyncio.gather(come_and_go(), *(talk(name) for name in "pqrs"))

        events = await store.events.after(GENERAL, 0, 1_000)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        texts = [event for event in events if isinstance(event, Message)]
        assert len([event for event in texts if event.sender == "ada"]) == 80
        assert len([event for event in texts if event.sender == "bob"]) == 1
        assert (await store.rooms.head(GENERAL, ada.id)).head == len(events)

    async def test_a_read_sees_every_append_that_has_returned(self, store: Store) -> None:
        [ada] = await team(store, "ada")

        for n in range(50):
            [seq] = await say(store, ada, str(n))
            reads = await asyncio.gather(*(store.events.after(GENERAL, seq - 1, 1) for _ in range(4)))
            assert [[event.seq for event in events] for events in reads] == [[seq]] * 4

    async def test_pages_forward_cover_the_log(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        await say(store, ada, *map(str, range(8)))
        seen: list[Event] = []

        while page := await store.events.after(GENERAL, seen[-1].seq if seen else 0, 3):
            assert len(page) <= 3
            seen += page

        assert [event.seq for event in seen] == list(range(1, 11))

    async def test_pages_backward_cover_the_log(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        await say(store, ada, *map(str, range(8)))
        seen: list[Event] = []

        while page := await store.events.before(GENERAL, seen[0].seq if seen else None, 3):
            assert len(page) <= 3
            seen = page + seen

        assert [event.seq for event in seen] == list(range(1, 11))

    async def test_a_page_ends_with_the_text_that_fills_it(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        await store.events.append([draft(ada, str(n), "\u00e9" * 500) for n in range(6)], NOW)  # 1,000 bytes each

        async def after(seq: int, limit: int, size: int) -> list[int]:
            return [event.seq for event in await store.events.after(GENERAL, seq, limit, size)]

        async def before(seq: int | None, limit: int, size: int) -> list[int]:
            return [event.seq for event in await store.events.before(GENERAL, seq, limit, size)]

        assert await after(2, 10, 1) == [3]
        assert await after(2, 10, 1_000) == [3]
        assert await after(2, 10, 1_001) == [3, 4]
        assert await after(2, 3, 10_000) == [3, 4, 5]
        assert await after(8, 10, 1) == []
        assert await before(None, 10, 1) == [8]
        assert await before(None, 10, 1_001) == [7, 8]
        assert await before(5, 1, 10_000) == [4]
        assert await before(1, 10, 1) == []

    async def test_the_ends_of_the_log(self, store: Store) -> None:
        await team(store, "ada", "bob")

        assert [event.seq for event in await store.events.before(GENERAL, None, 2)] == [2, 3]
        assert [event.seq for event in await store.events.before(GENERAL, 10**30, 2)] == [2, 3]
        assert await store.events.before(GENERAL, 1, 2) == []
        assert await store.events.before(GENERAL, 0, 2) == []
        assert await store.events.after(GENERAL, 3, 2) == []
        assert await store.events.after(GENERAL, 10**30, 2) == []

    async def test_an_unknown_room_has_no_events(self, store: Store) -> None:
        assert await store.events.after(RoomId("nowhere"), 0, 10) == []
        assert await store.events.before(RoomId("nowhere"), None, 10) == []
