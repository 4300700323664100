"""The contract of `LoginStore`."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from hubbub.errors import NotFound, UnknownUser
from hubbub.store import Account, Login, Store
from hubbub.vocabulary import User, UserId

from .people import NOW, person

LATER = NOW + 1_000


def token(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


async def log_in(store: Store, user: Account, name: str, *, now_ms: int = NOW, expires_ms: int = LATER) -> Login:
    """A login called `name`, with the token of that name."""
    return await store.logins.create(name, user.id, token(name), "a phone", now_ms, expires_ms)


async def names(
    store: Store, user: Account, *, now_ms: int = NOW, after: str | None = None, limit: int = 9
) -> list[str]:
    """The ids of a page of the user's logins."""
    return [login.id for login in await store.logins.of_user(user.id, now_ms, after, limit)]


class LoginContract:
    async def test_a_login_is_found_by_its_token(self, store: Store) -> None:
        ada = await person(store, "ada", "Ada")
        created = await log_in(store, ada, "phone")

        assert created == Login("phone", ada.id, User(ada.name, "Ada", admin=True), NOW, NOW, LATER, "a phone")
        assert await store.logins.by_token(token("phone"), NOW) == created

    async def test_an_unknown_token_is_nobodys(self, store: Store) -> None:
        await log_in(store, await person(store, "ada"), "phone")

        assert await store.logins.by_token(token("laptop"), NOW) is None

    async def test_a_login_ends_at_its_expiry(self, store: Store) -> None:
        await log_in(store, await person(store, "ada"), "phone")

        assert await store.logins.by_token(token("phone"), LATER - 1) is not None
        assert await store.logins.by_token(token("phone"), LATER) is None

    async def test_many_tokens_at_once_get_each_their_own_login(self, store: Store) -> None:
        people = [await person(store, f"user{number}") for number in range(20)]
        for one in people:
            await log_in(store, one, one.name)

        found = await asyncio.gather(
            *(store.logins.by_token(token(name), NOW) for one in people for name in (one.name, "nobody"))
        )

        assert [login and login.user.name for login in found] == [name for one in people for name in (one.name, None)]

    async def test_a_login_shows_the_users_title_of_today(self, store: Store) -> None:
        ada = await person(store, "ada")
        await log_in(store, ada, "phone")
        await store.accounts.update(ada.id, title="Countess")

        login = await store.logins.by_token(token("phone"), NOW)
        assert login is not None
        assert login.user.title == "Countess"

    async def test_nobody_cannot_log_in(self, store: Store) -> None:
        with pytest.raises(UnknownUser):
            await store.logins.create("phone", UserId(99), token("phone"), "", NOW, LATER)

    async def test_a_users_logins_are_listed_oldest_first_without_expired_ones(self, store: Store) -> None:
        ada, bob = await person(store, "ada"), await person(store, "bob")
        await log_in(store, ada, "second", now_ms=NOW + 2)
        await log_in(store, ada, "first", now_ms=NOW + 1, expires_ms=NOW + 5)
        await log_in(store, bob, "other")

        assert await names(store, ada, now_ms=NOW + 4) == ["first", "second"]
        assert await names(store, ada, now_ms=NOW + 5) == ["second"]

    async def test_a_users_logins_come_in_pages(self, store: Store) -> None:
        ada, bob = await person(store, "ada"), await person(store, "bob")
        for name in ("d", "b", "c", "a"):
            await log_in(store, ada, name, now_ms=NOW + (name == "a"))
        await log_in(store, bob, "other")

        assert await names(store, ada, limit=2) == ["b", "c"]
        assert await names(store, ada, after="c", limit=2) == ["d", "a"]
        assert await names(store, ada, after="a", limit=2) == []
        for nobodys in ("other", "ended"):
            with pytest.raises(NotFound):
                await names(store, ada, after=nobodys)

    async def test_a_new_login_removes_the_users_expired_ones(self, store: Store) -> None:
        ada, bob = await person(store, "ada"), await person(store, "bob")
        for one in (ada, bob):
            await log_in(store, one, f"old-{one.name}", expires_ms=LATER)
        await log_in(store, ada, "new", now_ms=LATER, expires_ms=LATER + 1)

        assert await names(store, ada) == ["new"]
        assert await names(store, bob) == ["old-bob"]

    async def test_when_logins_expire_can_be_asked_for_many(self, store: Store) -> None:
        ada, bob = await person(store, "ada"), await person(store, "bob")
        await log_in(store, ada, "phone")
        await log_in(store, bob, "desk", expires_ms=NOW - 1)

        assert await store.logins.expiries(["desk", "nobody's", "phone"]) == {"phone": LATER, "desk": NOW - 1}
        assert await store.logins.expiries([]) == {}

    async def test_touch_moves_seen_and_expiry_forward_only(self, store: Store) -> None:
        await log_in(store, await person(store, "ada"), "phone")

        await store.logins.touch("phone", NOW + 10, LATER + 10)
        await store.logins.touch("phone", NOW + 5, LATER + 5)

        login = await store.logins.by_token(token("phone"), NOW)
        assert login is not None
        assert (login.created_ms, login.seen_ms, login.expires_ms) == (NOW, NOW + 10, LATER + 10)

    async def test_touches_at_once_leave_the_latest(self, store: Store) -> None:
        ada = await person(store, "ada")
        await log_in(store, ada, "phone")
        await log_in(store, ada, "laptop")

        await asyncio.gather(
            *(store.logins.touch(name, NOW + by, LATER + by) for by in (3, 9, 1) for name in ("phone", "laptop"))
        )

        assert {(login.seen_ms, login.expires_ms) for login in await store.logins.of_user(ada.id, NOW, None, 9)} == {
            (NOW + 9, LATER + 9)
        }

    async def test_touching_an_ended_login_does_nothing(self, store: Store) -> None:
        await store.logins.touch("nothing", NOW, LATER)

    async def test_an_ended_login_is_gone(self, store: Store) -> None:
        ada = await person(store, "ada")
        await log_in(store, ada, "phone")

        assert await store.logins.end(ada.id, "phone")
        assert await store.logins.by_token(token("phone"), NOW) is None
        assert not await store.logins.end(ada.id, "phone")

    async def test_nobody_ends_the_login_of_another(self, store: Store) -> None:
        ada, bob = await person(store, "ada"), await person(store, "bob")
        await log_in(store, ada, "phone")

        assert not await store.logins.end(bob.id, "phone")
        assert await store.logins.by_token(token("phone"), NOW) is not None

    async def test_end_others_keeps_one_and_names_the_rest(self, store: Store) -> None:
        ada, bob = await person(store, "ada"), await person(store, "bob")
        for name in ("phone", "laptop", "tablet"):
            await log_in(store, ada, name)
        await log_in(store, bob, "desk")

        assert sorted(await store.logins.end_others(ada.id, "phone")) == ["laptop", "tablet"]
        assert await names(store, ada) == ["phone"]
        assert await names(store, bob) == ["desk"]

    async def test_end_others_can_keep_none(self, store: Store) -> None:
        ada = await person(store, "ada")
        await log_in(store, ada, "phone")

        assert await store.logins.end_others(ada.id, None) == ["phone"]
        assert await store.logins.end_others(ada.id, None) == []
