"""The contract of `AccountStore`."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.errors import NameTaken, UnknownUser
from hubbub.store import Store
from hubbub.vocabulary import User, UserId, UserName

from .people import NOW, person


class AccountContract:
    async def test_the_first_account_becomes_administrator_and_no_other(self, store: Store) -> None:
        first, second = await person(store, "ada"), await person(store, "bob")

        assert first.admin
        assert not second.admin
        assert first.id != second.id

    async def test_a_later_account_can_be_made_an_administrator(self, store: Store) -> None:
        await person(store, "ada")
        second = await store.accounts.create(UserName("bob"), "", "hash", NOW, admin=True)

        assert second.admin
        assert await store.accounts.by_name(UserName("bob")) == second

    async def test_of_accounts_made_at_once_one_is_administrator(self, store: Store) -> None:
        people = await asyncio.gather(*(person(store, f"user{number}") for number in range(8)))

        assert [one.admin for one in people].count(True) == 1

    async def test_an_account_is_found_by_its_name_as_it_was_created(self, store: Store) -> None:
        created = await store.accounts.create(UserName("ada"), "Ada \N{SPARKLES}\0", "hash", NOW)

        assert await store.accounts.by_name(UserName("ada")) == created
        assert await store.accounts.by_name(UserName("bob")) is None

    async def test_a_name_can_be_taken_once(self, store: Store) -> None:
        await person(store, "ada")

        with pytest.raises(NameTaken):
            await person(store, "ada")
        assert await store.accounts.count() == 1

    async def test_of_the_same_name_at_once_one_wins(self, store: Store) -> None:
        outcomes = await asyncio.gather(*(person(store, "ada") for _ in range(5)), return_exceptions=True)

        assert sum(isinstance(outcome, NameTaken) for outcome in outcomes) == 4
        assert await store.accounts.count() == 1

    async def test_accounts_are_counted(self, store: Store) -> None:
        assert await store.accounts.count() == 0
        await person(store, "ada")
        await person(store, "bob")
        assert await store.accounts.count() == 2

    async def test_update_changes_what_is_given(self, store: Store) -> None:
        ada = await store.accounts.create(UserName("ada"), "Ada", "old", NOW)

        await store.accounts.update(ada.id, title="Countess")
        await store.accounts.update(ada.id, password_hash="new")

        changed = await store.accounts.by_name(ada.name)
        assert changed is not None
        assert (changed.title, changed.password_hash) == ("Countess", "new")

    async def test_update_can_empty_a_title(self, store: Store) -> None:
        ada = await store.accounts.create(UserName("ada"), "Ada", "hash", NOW)

        await store.accounts.update(ada.id, title="")

        changed = await store.accounts.by_name(ada.name)
        assert changed is not None
        assert (changed.title, changed.password_hash) == ("", "hash")

    async def test_update_of_nobody_is_refused(self, store: Store) -> None:
        with pytest.raises(UnknownUser):
            await store.accounts.update(UserId(99), title="x")

    async def test_a_profile_is_what_others_see_now(self, store: Store) -> None:
        ada = await person(store, "ada", "Ada")
        assert await store.accounts.profile(ada.id) == User(ada.name, "Ada", admin=True)
        await store.accounts.update(ada.id, title="Countess")
        assert (await store.accounts.profile(ada.id)).title == "Countess"
        with pytest.raises(UnknownUser):
            await store.accounts.profile(UserId(99))

    async def test_accounts_come_in_pages(self, store: Store) -> None:
        for name in ("cyd", "ada", "bob"):
            await person(store, name, name.title())

        first = await store.accounts.page(None, 2)
        assert first == [User(UserName("ada"), "Ada", admin=False), User(UserName("bob"), "Bob", admin=False)]
        assert await store.accounts.page("bob", 2) == [User(UserName("cyd"), "Cyd", admin=True)]

    async def test_an_account_prints_without_its_hash(self, store: Store) -> None:
        ada = await store.accounts.create(UserName("ada"), "", "very-secret", NOW)

        assert "very-secret" not in repr(ada)
        assert "very-secret" not in f"{ada}"
