"""The contract of `Store`: every sentence of `hubbub.store.protocols`.

```python
class TestMyStore(StoreContract):
    @pytest.fixture
    def make_store(self, tmp_path: Path) -> Callable[[], Store]:
        return lambda: MyStore(tmp_path)      # closed; each call: another one over the same data
```
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from itertools import chain
from random import Random

import pytest

from hubbub.errors import DataInUse, RoomExists, StoreUnavailable, UnknownRoom
from hubbub.store import Account, Appended, Refused, Settings, Store
from hubbub.vocabulary import MemberJoined, RoomCreated, RoomId, UserName

from .accounts import AccountContract
from .changes import ChangeContract
from .events import EventContract
from .logins import LoginContract, log_in, token
from .people import GENERAL, NOW, create, draft, join, leave, person, positions, say, team
from .record_pages import RecordPageContract
from .records import RecordContract
from .rooms import RoomContract
from .settings import SettingContract
from .shared_records import SharedRecordContract

MakeStore = Callable[[], Store]


class StoreContract(
    AccountContract,
    LoginContract,
    SettingContract,
    RecordContract,
    RecordPageContract,
    RoomContract,
    EventContract,
    ChangeContract,
):
    @pytest.fixture
    def make_store(self) -> MakeStore:
        raise NotImplementedError("the subclass supplies it")

    @pytest.fixture
    async def store(self, make_store: MakeStore) -> AsyncIterator[Store]:
        store = make_store()
        await store.open()
        yield store
        await store.close()

    async def test_everything_is_there_after_it_was_opened_again(self, make_store: MakeStore) -> None:
        store = make_store()
        await store.open()
        ada, bob = await team(store, "ada", "bob")
        login = await log_in(store, ada, "phone")
        await Settings(store.records).put("signup", "closed")
        await say(store, ada, "1", "2")
        await store.rooms.mark_read(GENERAL, bob.id, 4)
        events = await store.events.after(GENERAL, 0, 10)
        head = await store.rooms.head(GENERAL, bob.id)
        await store.close()

        store = make_store()
        await store.open()
        assert await store.accounts.by_name(ada.name) == ada
        assert await Settings(store.records).get("signup") == "closed"
        assert await store.logins.by_token(token("phone"), NOW) == login
        assert await store.events.after(GENERAL, 0, 10) == events
        assert await store.rooms.head(GENERAL, bob.id) == head
        assert await store.events.append([draft(ada, "2"), draft(ada, "3")], NOW) == [
            Appended(5, NOW, repeat=True),
            Appended(6, NOW),
        ]
        await store.close()

    async def test_every_text_keeps_every_character(self, store: Store) -> None:
        strange = "\0 \x10 \x100 \N{GRINNING FACE} '\\"
        ada = await person(store, "ada", strange)
        await Settings(store.records).put(strange, strange)
        await create(store, ada.id, GENERAL, strange, strange)
        await store.logins.create("phone", ada.id, token("phone"), strange, NOW, NOW + 1)

        assert await Settings(store.records).get(strange) == strange
        assert await store.events.after(GENERAL, 0, 10) == [
            RoomCreated(GENERAL, 1, ada.name, NOW, strange, strange),
            MemberJoined(GENERAL, 2, ada.name, NOW, strange),
        ]
        assert [(entry.title, entry.topic) for entry in await store.rooms.directory(ada.id, None, 9)] == [
            (strange, strange)
        ]
        [login] = await store.logins.of_user(ada.id, NOW, None, 9)
        assert (login.device, login.user.title) == (strange, strange)

    async def test_ids_with_strange_characters_are_of_nobody(self, store: Store) -> None:
        ada = await person(store, "ada")
        strange = RoomId("a\0b")

        assert await store.rooms.heads([strange]) == {}
        assert await store.events.append([draft(ada, "1", room=strange)], NOW) == [Refused("unknown_room")]
        assert await store.accounts.by_name(UserName("a\0")) is None
        with pytest.raises(UnknownRoom):
            await store.rooms.head(strange, ada.id)

    async def test_close_finishes_what_was_begun(self, make_store: MakeStore) -> None:
        store = make_store()
        await store.open()
        ada, _ = await team(store, "ada", "bob")
        sends = [asyncio.ensure_future(store.events.append([draft(ada, str(n))], NOW)) for n in range(50)]
        reads = [asyncio.ensure_future(store.events.after(GENERAL, 0, 3)) for _ in range(20)]
        await asyncio.sleep(0)  # let them begin

        await store.close()

        assert await asyncio.gather(*sends) == [[Appended(4 + n, NOW)] for n in range(50)]
        assert [len(events) for events in await asyncio.gather(*reads)] == [3] * 20

    async def test_calls_after_close_are_refused(self, make_store: MakeStore) -> None:
        store = make_store()
        await store.open()
        ada = await person(store, "ada")
        accounts, logins, rooms, events = store.accounts, store.logins, store.rooms, store.events
        await store.close()

        with pytest.raises(StoreUnavailable):
            await accounts.count()
        with pytest.raises(StoreUnavailable):
            await logins.by_token(token("phone"), NOW)
        with pytest.raises(StoreUnavailable):
            await rooms.directory(ada.id, None, 1)
        with pytest.raises(StoreUnavailable):
            await rooms.head(GENERAL, ada.id)
        with pytest.raises(StoreUnavailable):
            await events.append([draft(ada, "1")], NOW)
        with pytest.raises(StoreUnavailable):
            await store.ping()

    async def test_close_twice_is_close(self, make_store: MakeStore) -> None:
        store = make_store()
        await store.open()
        await store.close()
        await store.close()

    async def test_a_closed_store_can_be_opened_again(self, make_store: MakeStore) -> None:
        store = make_store()
        for _ in range(2):
            await store.open()
            await store.ping()
            await store.close()

    async def test_ping_answers(self, store: Store) -> None:
        await store.ping()
        await store.ping()

    async def test_a_cancelled_caller_harms_nobody(self, store: Store) -> None:
        ada, bob = await team(store, "ada", "bob")
        gone = asyncio.ensure_future(store.events.append([draft(ada, "1")], NOW))
        stays = asyncio.ensure_future(store.events.append([draft(bob, "1")], NOW))
        await asyncio.sleep(0)  # let them begin
        gone.cancel()

        [outcome] = await stays
        assert isinstance(outcome, Appended)
        events = await store.events.after(GENERAL, 0, 10)
        assert [event.seq for event in events] == list(range(1, outcome.seq + 1))


class SharedStoreContract(StoreContract, SharedRecordContract):
    """For stores that several nodes use at a time. Each `make_store()` is a node."""

    @pytest.fixture
    async def nodes(self, make_store: MakeStore) -> AsyncIterator[list[Store]]:
        nodes = [make_store(), make_store()]
        await asyncio.gather(*(node.open() for node in nodes))  # they migrate at the same time
        yield nodes
        for node in nodes:
            await node.close()

    async def test_the_same_messages_sent_to_two_nodes_are_stored_once(self, nodes: list[Store]) -> None:
        ada, bob = await team(nodes[0], "ada", "bob")

        async def send(node: Store, numbers: range) -> list[list[Appended | Refused]]:
            return await asyncio.gather(
                *(node.events.append([draft(ada, f"{n}"), draft(bob, f"{n}")], NOW) for n in numbers)
            )

        first, second = await asyncio.gather(send(nodes[0], range(60)), send(nodes[1], range(59, -1, -1)))

        outcomes = list(zip(chain(*first), chain(*reversed(second)), strict=True))
        for one, other in outcomes:
            assert isinstance(one, Appended)
            assert isinstance(other, Appended)
            assert (one.seq, one.repeat) == (other.seq, not other.repeat)
        events = await nodes[1].events.after(GENERAL, 0, 1_000)
        assert [event.seq for event in events] == list(range(1, 4 + 120))
        assert sorted(one.seq for one, _ in outcomes if isinstance(one, Appended)) == list(range(4, 4 + 120))

    async def test_nodes_that_write_to_rooms_in_opposite_order_both_go_on(self, nodes: list[Store]) -> None:
        ada, bob = await team(nodes[0], "ada", "bob")
        rooms = [RoomId(f"room{n}") for n in range(5)]
        for room in rooms:
            await create(nodes[0], ada.id, room)
            await join(nodes[0], bob.id, room)

        async def write(node: Store, sender: Account, rooms: list[RoomId]) -> None:
            for n in range(40):
                drafts = [draft(sender, f"{n}", room=room) for room in rooms]
                marks = asyncio.gather(*(node.rooms.mark_read(room, sender.id, 3) for room in rooms))
                positions(await node.events.append(drafts, NOW))
                await marks

        await asyncio.gather(write(nodes[0], ada, rooms), write(nodes[1], bob, rooms[::-1]))

        assert await nodes[0].rooms.heads(rooms) == dict.fromkeys(rooms, 3 + 80)

    async def test_fifty_random_groups_at_a_time_on_two_nodes(self, nodes: list[Store]) -> None:
        """Many rooms in random orders, and messages that are sent to both nodes: logs stay whole, nobody gets stuck."""
        random = Random(50)
        people = await team(nodes[0], "ada", "bob", "cyd")
        rooms = [GENERAL, *(RoomId(f"room{n}") for n in range(29))]
        for room in rooms[1:]:
            await create(nodes[0], people[0].id, room)
            for one in people[1:]:
                await join(nodes[0], one.id, room)
        outcomes: dict[tuple[RoomId, UserName, str], list[Appended]] = {}

        async def write(node: Store) -> None:
            for _ in range(4):
                drafts = [
                    draft(random.choice(people), str(random.randrange(8)), room=room)
                    for room in random.choices(rooms, k=20)
                ]
                for said, outcome in zip(drafts, await node.events.append(drafts, NOW), strict=True):
                    assert isinstance(outcome, Appended), outcome
                    outcomes.setdefault((said.event.room, said.event.sender, said.nonce or ""), []).append(outcome)

        async with asyncio.timeout(60):
            await asyncio.gather(*(write(nodes[n % 2]) for n in range(50)))

        for told in outcomes.values():
            assert len({outcome.seq for outcome in told}) == 1
            assert [outcome.repeat for outcome in told].count(False) == 1
        assert any(len(told) > 1 for told in outcomes.values())
        for room in rooms:
            events = await nodes[1].events.after(room, 0, 1_000)
            assert [event.seq for event in events] == list(range(1, len(events) + 1))
            placed = sorted(told[0].seq for (where, _, _), told in outcomes.items() if where == room)
            assert placed == list(range(5, len(events) + 1))

    async def test_what_a_node_wrote_the_others_see(self, nodes: list[Store]) -> None:
        one, other = nodes
        ada, bob = await team(one, "ada", "bob")
        await log_in(one, ada, "phone")
        await say(one, ada, "1")

        assert await other.logins.by_token(token("phone"), NOW) is not None
        assert (await other.rooms.head(GENERAL, bob.id)).unread == 1
        await leave(other, ada.id)
        assert await one.events.append([draft(ada, "2")], NOW) == [Refused("room_forbidden")]
        assert await say(other, bob, "1") == [6]
        assert await say(one, bob, "2") == [7]

    async def test_of_the_first_accounts_of_two_nodes_one_is_administrator(self, nodes: list[Store]) -> None:
        people = await asyncio.gather(*(person(nodes[n % 2], f"user{n}") for n in range(10)))

        assert [one.admin for one in people].count(True) == 1

    async def test_of_the_same_room_on_two_nodes_one_is_created(self, nodes: list[Store]) -> None:
        ada = await person(nodes[0], "ada")

        outcomes = await asyncio.gather(*(create(nodes[n % 2], ada.id) for n in range(6)), return_exceptions=True)

        assert sum(isinstance(outcome, RoomExists) for outcome in outcomes) == 5
        assert await nodes[1].rooms.heads([GENERAL]) == {GENERAL: 2}

    async def test_logins_touched_and_ended_on_two_nodes(self, nodes: list[Store]) -> None:
        ada = await person(nodes[0], "ada")
        names = [f"login{n}" for n in range(20)]
        for name in names:
            await log_in(nodes[0], ada, name)

        await asyncio.gather(
            *(nodes[0].logins.touch(name, NOW + 1, NOW + 2_000) for name in names),
            *(nodes[1].logins.touch(name, NOW + 2, NOW + 1_000) for name in reversed(names)),
            nodes[1].logins.end_others(ada.id, names[7]),
        )

        assert [login.id for login in await nodes[0].logins.of_user(ada.id, NOW, None, 9)] == [names[7]]

    async def test_a_node_that_closes_leaves_the_others_at_work(self, nodes: list[Store]) -> None:
        [ada] = await team(nodes[0], "ada")
        await nodes[0].close()

        assert await say(nodes[1], ada, "1") == [3]
        await nodes[0].open()
        assert await say(nodes[0], ada, "2") == [4]


class ExclusiveStoreContract(StoreContract):
    """For stores that one process uses at a time."""

    async def test_a_second_server_is_told_that_the_data_is_in_use(self, make_store: MakeStore) -> None:
        first, second = make_store(), make_store()
        await first.open()

        with pytest.raises(DataInUse):
            await second.open()
        await first.ping()
        await first.close()

        await second.open()
        await second.ping()
        await second.close()
