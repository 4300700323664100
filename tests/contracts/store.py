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

import pytest

from hubbub.errors import DataInUse, StoreUnavailable
from hubbub.store import Appended, Store

from .accounts import AccountContract
from .events import EventContract
from .logins import LoginContract, log_in, token
from .people import GENERAL, NOW, draft, person, say, team
from .rooms import RoomContract

MakeStore = Callable[[], Store]


class StoreContract(AccountContract, LoginContract, RoomContract, EventContract):
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
        await store.accounts.set_setting("signup", "closed")
        await say(store, ada, "1", "2")
        await store.rooms.mark_read(GENERAL, bob.id, 4)
        events = await store.events.after(GENERAL, 0, 10)
        head = await store.rooms.head(GENERAL, bob.id)
        await store.close()

        store = make_store()
        await store.open()
        assert await store.accounts.by_name(ada.name) == ada
        assert await store.accounts.setting("signup") == "closed"
        assert await store.logins.by_token(token("phone"), NOW) == login
        assert await store.events.after(GENERAL, 0, 10) == events
        assert await store.rooms.head(GENERAL, bob.id) == head
        assert await store.events.append([draft(ada, "2"), draft(ada, "3")]) == [
            Appended(5, NOW, repeat=True),
            Appended(6, NOW),
        ]
        await store.close()

    async def test_close_finishes_what_was_begun(self, make_store: MakeStore) -> None:
        store = make_store()
        await store.open()
        ada, _ = await team(store, "ada", "bob")
        sends = [asyncio.ensure_future(store.events.append([draft(ada, str(n))])) for n in range(50)]
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
            await rooms.join(GENERAL, ada.id, NOW)
        with pytest.raises(StoreUnavailable):
            await rooms.head(GENERAL, ada.id)
        with pytest.raises(StoreUnavailable):
            await events.append([draft(ada, "1")])
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
        gone = asyncio.ensure_future(store.events.append([draft(ada, "1")]))
        stays = asyncio.ensure_future(store.events.append([draft(bob, "1")]))
        await asyncio.sleep(0)  # let them begin
        gone.cancel()

        [outcome] = await stays
        assert isinstance(outcome, Appended)
        events = await store.events.after(GENERAL, 0, 10)
        assert [event.seq for event in events] == list(range(1, outcome.seq + 1))


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
