"""The contract of `EventStore` for what happens to messages and rooms after they came."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from hubbub.errors import MessageGone, NotFound, UnknownMessage, UnknownRoom
from hubbub.store import Account, Appended, Draft, Refused, Store
from hubbub.store.codec import REACTIONS_LIMIT
from hubbub.store.drafts import joining
from hubbub.vocabulary import (
    Event,
    Message,
    MessageDeleted,
    MessageEdited,
    MessageState,
    Reaction,
    ReactionAdded,
    ReactionRemoved,
    RoomChanged,
    RoomId,
    Seq,
    User,
    Version,
)

from .people import GENERAL, NOW, append, create, draft, leave, person, say, team

THUMB, HEART = "👍", "❤️"
STRANGE = "a\0b \x10 \x100 \N{GRINNING FACE} '\\\""


def answer(sender: Account, about: Seq, nonce: str = "a", text: str = "yes") -> Draft:
    return Draft(Message(GENERAL, 0, sender.name, 0, text, about), sender.id, nonce)


def edit(sender: Account, about: Seq, nonce: str = "e", text: str = "better", *, room: RoomId = GENERAL) -> Draft:
    return Draft(MessageEdited(room, 0, sender.name, 0, about, text), sender.id, nonce, own=True)


def delete(sender: Account, about: Seq, nonce: str = "d", *, own: bool = True) -> Draft:
    return Draft(MessageDeleted(GENERAL, 0, sender.name, 0, about), sender.id, nonce, own=own)


def react(sender: Account, about: Seq, emoji: str = THUMB, nonce: str | None = None) -> Draft:
    return Draft(ReactionAdded(GENERAL, 0, sender.name, 0, about, emoji), sender.id, nonce)


def unreact(sender: Account, about: Seq, emoji: str = THUMB, nonce: str | None = None) -> Draft:
    return Draft(ReactionRemoved(GENERAL, 0, sender.name, 0, about, emoji), sender.id, nonce)


def change(sender: Account, title: str, topic: str, expected_head: Seq | None = None) -> Draft:
    event = RoomChanged(GENERAL, 0, sender.name, 0, title, topic)
    return Draft(event, sender.id, expected_head=expected_head)


async def shown(store: Store, seq: Seq, reader: Account) -> Message:
    """A message in a page of history."""
    [event] = await store.events.before(GENERAL, seq + 1, 1, reader=reader.id)
    assert isinstance(event, Message)
    assert [event] == await store.events.after(GENERAL, seq - 1, 1, reader=reader.id)
    return event


async def refused(store: Store, one: Draft) -> str:
    """Why, and that nothing was stored."""
    heads = await store.rooms.heads([GENERAL])
    [outcome] = await store.events.append([one], NOW)
    assert isinstance(outcome, Refused), outcome
    assert await store.rooms.heads([GENERAL]) == heads
    return outcome.code


class ChangeContract:
    async def test_events_of_every_kind_are_read_as_they_were_appended(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        [seq] = await say(store, ada, "1")
        drafts = [
            answer(bob, seq, "a", STRANGE),
            edit(ada, seq, "e", STRANGE),
            react(bob, seq, STRANGE),
            unreact(bob, seq, STRANGE),
            change(bob, STRANGE, STRANGE),
        ]

        outcomes = await store.events.append(drafts, NOW + 5)

        assert outcomes == [Appended(seq + n, NOW + 5) for n in range(1, 6)]
        assert await store.events.after(GENERAL, seq, 10) == [
            replace(one.event, seq=seq + n, ts=NOW + 5) for n, one in enumerate(drafts, start=1)
        ]

    async def test_a_message_may_answer_another(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        [seq] = await say(store, ada, "1")

        await append(store, answer(bob, seq))

        assert (await shown(store, seq + 1, ada)).reply_to == seq
        assert (await shown(store, seq, ada)).state is None

    async def test_an_edited_message_has_its_new_text_in_pages(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        [seq] = await say(store, ada, "1")

        await append(store, edit(ada, seq, "e1", "better"), now_ms=NOW + 1)
        await append(store, edit(ada, seq, "e2", STRANGE), now_ms=NOW + 2)

        message = await shown(store, seq, ada)
        assert (message.text, message.ts) == (STRANGE, NOW)
        assert message.state == MessageState(seq + 2, NOW + 2)

    async def test_without_a_reader_events_are_as_they_came(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        [seq] = await say(store, ada, "1")
        await append(store, edit(ada, seq), react(ada, seq))

        plain = Message(GENERAL, seq, ada.name, NOW, "hello")
        assert await store.events.after(GENERAL, seq - 1, 1) == [plain]
        assert await store.events.before(GENERAL, seq + 1, 1) == [plain]

    async def test_a_deleted_message_keeps_its_place_and_nothing_else(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        [seq] = await say(store, ada, "1")
        await append(store, edit(ada, seq, "e", "secret"), react(bob, seq), answer(bob, seq))

        await append(store, delete(ada, seq))

        message = await shown(store, seq, bob)
        assert message == Message(GENERAL, seq, ada.name, NOW, "", state=MessageState(seq + 4, deleted=True))
        events = await store.events.after(GENERAL, seq - 1, 9)
        assert [event.seq for event in events] == list(range(seq, seq + 5))
        assert events[0] == Message(GENERAL, seq, ada.name, NOW, "")
        assert events[1] == MessageEdited(GENERAL, seq + 1, ada.name, NOW, seq, "")
        assert events[3] == Message(GENERAL, seq + 3, bob.name, NOW, "yes", seq), "the answer stays"

    async def test_reactions_are_counted_with_the_first_ten_names(self, store: Store) -> None:
        people = await team(store, *(f"user{n:02}" for n in range(12)))
        [seq] = await say(store, people[0], "1")
        await append(store, react(people[3], seq, HEART), *(react(one, seq) for one in people))

        message = await shown(store, seq, people[11])

        assert message.state is not None
        assert message.state.reactions == [
            Reaction(HEART, 1, [people[3].name], mine=False),
            Reaction(THUMB, 12, [one.name for one in people[:10]], mine=True),
        ]

    async def test_an_emoji_keeps_its_place_until_nobody_has_it(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        [seq] = await say(store, ada, "1")

        async def emoji() -> list[tuple[str, list[str]]]:
            state = (await shown(store, seq, ada)).state
            assert state is not None
            return [(one.emoji, [*one.users]) for one in state.reactions]

        await append(store, react(ada, seq, THUMB), react(ada, seq, HEART), react(bob, seq, THUMB))
        await append(store, unreact(ada, seq, THUMB))
        assert await emoji() == [(THUMB, ["bob"]), (HEART, ["ada"])]
        await append(store, react(ada, seq, THUMB))
        assert await emoji() == [(THUMB, ["bob", "ada"]), (HEART, ["ada"])]
        await append(store, unreact(bob, seq, THUMB), unreact(ada, seq, THUMB), react(bob, seq, THUMB))
        assert await emoji() == [(HEART, ["ada"]), (THUMB, ["bob"])]

    async def test_what_is_so_already_stores_nothing(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        [seq] = await say(store, ada, "1")
        await append(store, react(ada, seq))

        again = [react(ada, seq, nonce="r"), unreact(bob, seq), joining(GENERAL, bob.id, User(bob.name))]
        assert await store.events.append(again, NOW + 9) == [Appended(seq + 1, NOW + 9, repeat=True)] * 3
        assert await store.rooms.heads([GENERAL]) == {GENERAL: seq + 1}

    async def test_a_message_has_a_limited_number_of_different_emoji(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        [seq] = await say(store, ada, "1")
        many = [chr(0x1F600 + n) for n in range(REACTIONS_LIMIT)]

        outcomes = await store.events.append([react(ada, seq, emoji) for emoji in [*many, THUMB]], NOW)

        assert outcomes[-1] == Refused("too_many_reactions")
        assert await refused(store, react(bob, seq, THUMB)) == "too_many_reactions"
        await append(store, react(bob, seq, many[0]), unreact(ada, seq, many[1]), react(bob, seq, THUMB))

    async def test_only_messages_that_are_there_can_be_changed(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        [seq] = await say(store, ada, "1")
        await append(store, react(ada, seq))
        for about in (0, 1, 3, seq + 1, seq + 2, 10**6, 10**30):
            for one in (edit(ada, about), delete(ada, about), react(ada, about), answer(ada, about)):
                assert await refused(store, one) == "unknown_message", about
        await append(store, delete(ada, seq))
        for one in (
            edit(ada, seq, "new"),
            delete(ada, seq, "new"),
            react(bob, seq),
            unreact(ada, seq),
            answer(bob, seq),
        ):
            assert await refused(store, one) == "message_deleted"

    async def test_who_has_to_be_the_author_is_checked(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        [seq] = await say(store, ada, "1")

        assert await refused(store, edit(bob, seq)) == "not_yours"
        assert await refused(store, delete(bob, seq)) == "not_yours"
        await append(store, delete(bob, seq, own=False))

    async def test_who_is_no_member_changes_nothing(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        bob = await person(store, "bob")
        [seq] = await say(store, ada, "1")

        for one in (edit(bob, seq), delete(bob, seq, own=False), react(bob, seq), change(bob, "", "")):
            assert await refused(store, one) == "room_forbidden"

    async def test_a_repeated_nonce_gives_the_first_event_of_any_kind(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        [seq] = await say(store, ada, "1")
        drafts = [edit(ada, seq, "e"), react(ada, seq, nonce="r"), unreact(ada, seq, nonce="u"), delete(ada, seq, "d")]
        await append(store, *drafts)

        assert await store.events.append(drafts, NOW + 9) == [Appended(seq + n, NOW, repeat=True) for n in range(1, 5)]

    async def test_a_nonce_stands_for_one_kind_and_one_message(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        one, other = await say(store, ada, "1", "2")
        await append(store, edit(ada, one, "e"), answer(ada, one, "a"))

        assert await refused(store, edit(ada, other, "e")) == "nonce_reused"
        assert await refused(store, delete(ada, one, "e")) == "nonce_reused"
        assert await refused(store, draft(ada, "e")) == "nonce_reused"
        assert await refused(store, draft(ada, "a")) == "nonce_reused"
        assert await refused(store, answer(ada, other, "a")) == "nonce_reused"
        assert await refused(store, edit(ada, one, "1")) == "nonce_reused"
        mixed = await store.events.append([draft(ada, "e"), draft(ada, "3"), draft(ada, "1")], NOW)
        assert mixed == [Refused("nonce_reused"), Appended(other + 3, NOW), Appended(one, NOW, repeat=True)]

    async def test_within_one_call_each_sees_what_those_before_did(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")

        outcomes = await store.events.append(
            [
                draft(ada, "1"),
                react(bob, 4),
                react(bob, 4),
                edit(bob, 4),
                edit(ada, 4, text="better"),
                delete(ada, 4),
                react(ada, 4),
                draft(ada, "2"),
                answer(bob, 8),
            ],
            NOW,
        )

        assert outcomes == [
            Appended(4, NOW),
            Appended(5, NOW),
            Appended(5, NOW, repeat=True),
            Refused("not_yours"),
            Appended(6, NOW),
            Appended(7, NOW),
            Refused("message_deleted"),
            Appended(8, NOW),
            Appended(9, NOW),
        ]
        assert (await shown(store, 4, bob)).state == MessageState(7, deleted=True)

    async def test_an_expected_head_holds_or_refuses(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        expecting = [Draft(draft(ada, str(n)).event, ada.id, str(n), expected_head=n) for n in (2, 2, 3, 9)]

        outcomes = await store.events.append(
            [Draft(one.event, ada.id, f"n{n}", expected_head=one.expected_head) for n, one in enumerate(expecting)], NOW
        )

        assert outcomes == [Appended(3, NOW), Refused("head_moved"), Appended(4, NOW), Refused("head_moved")]

    async def test_a_repeated_nonce_needs_no_expected_head(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        first = Draft(draft(ada, "n").event, ada.id, "n", expected_head=2)

        await append(store, first, draft(ada, "other"))

        assert await store.events.append([first], NOW) == [Appended(3, NOW, repeat=True)]

    async def test_of_those_who_expect_the_same_head_one_succeeds(self, store: Store) -> None:
        [ada] = await team(store, "ada")

        outcomes = await asyncio.gather(
            *(store.events.append([change(ada, f"{n}", "", expected_head=2)], NOW) for n in range(5))
        )

        assert sorted(str(one) for [one] in outcomes) == sorted(
            [str(Appended(3, NOW)), *[str(Refused("head_moved"))] * 4]
        )

    async def test_a_changed_room_has_its_new_title_and_topic(self, store: Store) -> None:
        ada = await person(store, "ada")
        await create(store, ada.id, GENERAL, "Old", "old")

        await append(store, change(ada, "Older", ""), change(ada, "New", STRANGE))

        head = await store.rooms.head(GENERAL, ada.id)
        assert (head.title, head.topic, head.head) == ("New", STRANGE, 4)
        [entry] = await store.rooms.directory(ada.id, None, 9)
        assert (entry.title, entry.topic) == ("New", STRANGE)

    async def test_changes_are_no_unread_messages(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        [seq] = await say(store, ada, "1")
        await store.rooms.mark_read(GENERAL, bob.id, seq)

        await append(store, edit(ada, seq), react(ada, seq), change(ada, "", ""), delete(ada, seq))

        assert (await store.rooms.head(GENERAL, bob.id)).unread == 0

    async def test_versions_are_the_texts_of_a_message_oldest_first(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        [seq] = await say(store, ada, "1")
        assert await store.events.versions(GENERAL, seq, 9) == [Version("hello", NOW)]
        await append(store, react(bob, seq), edit(ada, seq, "e1", "one"), answer(bob, seq), now_ms=NOW + 1)
        await append(store, edit(ada, seq, "e2", STRANGE), now_ms=NOW + 2)

        versions = [Version("hello", NOW), Version("one", NOW + 1), Version(STRANGE, NOW + 2)]
        assert await store.events.versions(GENERAL, seq, 9) == versions
        assert await store.events.versions(GENERAL, seq, 2) == versions[1:]

    async def test_versions_and_reactors_are_of_messages_that_are_there(self, store: Store) -> None:
        [ada] = await team(store, "ada")
        [seq] = await say(store, ada, "1")
        await append(store, edit(ada, seq), delete(ada, seq))

        cases: list[tuple[RoomId, Seq, type[Exception]]] = [
            (RoomId("nowhere"), seq, UnknownRoom),
            (GENERAL, 1, UnknownMessage),
            (GENERAL, seq + 1, UnknownMessage),
            (GENERAL, 10**30, UnknownMessage),
            (GENERAL, seq, MessageGone),
        ]
        for room, about, error in cases:
            with pytest.raises(error):
                await store.events.versions(room, about, 9)
            with pytest.raises(error):
                await store.events.reactors(room, about, THUMB, None, 9)

    async def test_reactors_come_in_the_order_of_reacting_in_pages(self, store: Store) -> None:
        people = await team(store, "dan", "bob", "ada", "cyd")
        [seq] = await say(store, people[0], "1")
        await append(store, *(react(one, seq, STRANGE) for one in people), react(people[0], seq, HEART))

        first, total = await store.events.reactors(GENERAL, seq, STRANGE, None, 3)
        rest, _ = await store.events.reactors(GENERAL, seq, STRANGE, first[-1], 3)

        assert (first, total, rest) == (["dan", "bob", "ada"], 4, ["cyd"])
        assert await store.events.reactors(GENERAL, seq, THUMB, None, 3) == ([], 0)
        with pytest.raises(NotFound):
            await store.events.reactors(GENERAL, seq, HEART, people[1].name, 3)

    async def test_who_left_keeps_reactions(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        [seq] = await say(store, ada, "1")
        await append(store, react(bob, seq))

        await leave(store, bob.id)

        state = (await shown(store, seq, ada)).state
        assert state is not None
        assert state.reactions == [Reaction(THUMB, 1, [bob.name])]

    async def test_what_happened_to_messages_is_there_after_opening_again(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        one, other = await say(store, ada, "1", "2")
        await append(store, react(bob, one), edit(ada, one), delete(ada, other))
        before = await store.events.before(GENERAL, None, 9, reader=bob.id)
        await store.close()
        await store.open()

        assert await store.events.before(GENERAL, None, 9, reader=bob.id) == before
        assert await refused(store, react(bob, other)) == "message_deleted"
        assert await store.events.append([react(bob, one)], NOW) == [Appended(other + 3, NOW, repeat=True)]

    async def test_members_are_counted_when_many_come_and_go_at_once(self, store: Store) -> None:
        people = await team(store, *(f"user{n}" for n in range(6)))
        await asyncio.gather(*(leave(store, one.id) for one in people[2:]))

        events: list[Event] = await store.events.after(GENERAL, 0, 99)
        assert [event.seq for event in events] == list(range(1, 12))
        assert [entry.members for entry in await store.rooms.directory(people[0].id, None, 9)] == [2]
        assert (await store.rooms.members(GENERAL, None, 9))[1] == 2
