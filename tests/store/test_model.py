"""A store against a model that fits on a page, under random histories (Hypothesis)."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hubbub.store import Account, Appended, Draft, Refused, Store
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import Message, RoomId, UserName
from tests.contracts import people

T = TypeVar("T")

USERS = ("ada", "bob", "cyd")
ROOMS = (RoomId("one"), RoomId("two"))

users, rooms = st.sampled_from(USERS), st.sampled_from(ROOMS)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
says = st.tuples(rooms, users, st.sampled_from(["n1", "n2", "n3", "n4", "\0"]), texts)


class Model:
    """One room. `log`: (kind, sender, text) of each event; `members`: name to read mark."""

    def __init__(self, creator: str) -> None:
        self.log: list[tuple[str, str, str]] = [("created", creator, ""), ("joined", creator, "")]
        self.members = {creator: 1}
        self.nonces: dict[tuple[str, str], int] = {}

    def unread(self, user: str) -> int:
        return sum(kind == "message" and who != user for kind, who, _ in self.log[self.members[user] :])


class StoreMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.store = self.make_store()
        self.run(self.store.open())
        self.people: dict[str, Account] = {
            name: self.run(self.store.accounts.create(UserName(name), "", "", 0)) for name in USERS
        }
        self.rooms: dict[RoomId, Model] = {}

    def make_store(self) -> Store:
        """An empty one, closed."""
        return SqliteStore(Path(self.folder.name) / "hubbub.db")

    def run(self, work: Coroutine[object, object, T]) -> T:
        return self.runner.run(work)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    @rule(room=rooms, user=users)
    def create(self, room: RoomId, user: str) -> None:
        if room not in self.rooms:
            self.run(people.create(self.store, self.people[user].id, room, now_ms=0))
            self.rooms[room] = Model(user)

    @rule(room=rooms, user=users)
    def join(self, room: RoomId, user: str) -> None:
        if (model := self.rooms.get(room)) is None:
            return
        event = self.run(people.join(self.store, self.people[user].id, room, now_ms=0))
        assert (event is None) == (user in model.members)
        if event is not None:
            model.members[user] = len(model.log)
            model.log.append(("joined", user, ""))
            assert event.seq == len(model.log)

    @rule(room=rooms, user=users)
    def leave(self, room: RoomId, user: str) -> None:
        if (model := self.rooms.get(room)) is None:
            return
        event = self.run(people.leave(self.store, self.people[user].id, room, now_ms=0))
        assert (event is None) == (user not in model.members)
        if event is not None:
            del model.members[user]
            model.log.append(("left", user, ""))
            assert event.seq == len(model.log)

    @rule(calls=st.lists(st.lists(says, max_size=5), max_size=4))
    def append(self, calls: list[list[tuple[RoomId, str, str, str]]]) -> None:
        """Several calls at once: they take effect in their order."""

        async def at_once() -> list[list[Appended | Refused]]:
            return await asyncio.gather(*(self.store.events.append(list(map(self.draft, call)), 0) for call in calls))

        expected = [[self.expected(*say) for say in call] for call in calls]
        assert self.run(at_once()) == expected

    @rule(room=rooms, user=users, seq=st.integers(1, 40))
    def mark_read(self, room: RoomId, user: str, seq: int) -> None:
        model = self.rooms.get(room)
        if model is None or user not in model.members or seq > len(model.log):
            return
        model.members[user] = max(model.members[user], seq)
        found = self.run(self.store.rooms.mark_read(room, self.people[user].id, seq))
        assert found == (model.members[user], model.unread(user))

    @rule()
    def reopen(self) -> None:
        self.run(self.store.close())
        self.run(self.store.open())

    @invariant()
    def logs_are_as_modelled(self) -> None:
        for room, model in self.rooms.items():
            events = self.run(self.store.events.after(room, 0, 1_000))
            assert [event.seq for event in events] == list(range(1, len(model.log) + 1))
            assert [(event.sender, event.text if isinstance(event, Message) else "") for event in events] == [
                (who, text) for _, who, text in model.log
            ]

    @invariant()
    def rooms_are_as_modelled(self) -> None:
        for user, account in self.people.items():
            states = self.run(self.store.rooms.of_user(account.id, None, 1000))
            assert {state.room: (state.head, state.read, state.unread) for state in states} == {
                room: (len(model.log), model.members[user], model.unread(user))
                for room, model in self.rooms.items()
                if user in model.members
            }

    def draft(self, say: tuple[RoomId, str, str, str]) -> Draft:
        room, user, nonce, text = say
        return Draft(Message(room, 0, UserName(user), 0, text), self.people[user].id, nonce)

    def expected(self, room: RoomId, user: str, nonce: str, text: str) -> Appended | Refused:
        if (model := self.rooms.get(room)) is None:
            return Refused("unknown_room")
        if user not in model.members:
            return Refused("room_forbidden")
        first = model.nonces.get((user, nonce))
        if first is not None:
            return Appended(first, 0, repeat=True)
        model.log.append(("message", user, text))
        model.members[user] = len(model.log)
        model.nonces[user, nonce] = len(model.log)
        return Appended(len(model.log), 0)


TestModel = StoreMachine.TestCase
TestModel.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
