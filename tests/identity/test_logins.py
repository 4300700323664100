"""Tokens and logins."""

from __future__ import annotations

import asyncio
import hashlib

import msgspec
import pytest

from hubbub.errors import NotFound, StoreUnavailable, Unauthenticated
from hubbub.identity import Identity
from hubbub.store import Login, LoginStore
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import UserName

from .clock import DAY_MS, Clock
from .conftest import CHEAP

PASSWORD = "correct horse"


async def test_a_token_authenticates_its_login(identity: Identity) -> None:
    ada, bob = await identity.sign_up("ada", PASSWORD), await identity.sign_up("bob", PASSWORD)

    assert await identity.authenticate(ada.token) == ada.login
    assert await identity.authenticate(bob.token) == bob.login


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 1_000_000, "é" * 43, "\ud800" * 43, "\0" * 43])
async def test_anything_else_is_refused(identity: Identity, token: str) -> None:
    await identity.sign_up("ada", PASSWORD)

    with pytest.raises(Unauthenticated):
        await identity.authenticate(token)


async def test_the_store_has_only_the_tokens_hash(identity: Identity, store: SqliteStore, clock: Clock) -> None:
    signed_in = await identity.sign_up("ada", PASSWORD)
    digest = hashlib.sha256(signed_in.token.encode()).digest()

    assert await store.logins.by_token(digest, clock()) == signed_in.login
    assert len(signed_in.token) == 43  # 256 bits


async def test_tokens_differ(identity: Identity) -> None:
    await identity.sign_up("ada", PASSWORD)
    signed_in = [await identity.sign_in("ada", PASSWORD) for _ in range(5)]

    assert len({one.token for one in signed_in}) == 5
    assert len({one.login.id for one in signed_in}) == 5


async def test_a_token_is_not_printed(identity: Identity) -> None:
    signed_in = await identity.sign_up("ada", PASSWORD)

    assert signed_in.token not in repr(signed_in)
    assert signed_in.token not in f"{signed_in} {[signed_in]}"


async def test_an_ended_login_is_refused_at_once_and_observers_know(identity: Identity) -> None:
    ended: list[list[str]] = []
    identity.changed.append(lambda user, logins, renamed: ended.append(logins))
    here = await identity.sign_up("ada", PASSWORD)
    there = await identity.sign_in("ada", PASSWORD)
    await identity.authenticate(there.token)

    await identity.end(here.login, there.login.id)

    assert ended == [[there.login.id]]
    with pytest.raises(Unauthenticated):
        await identity.authenticate(there.token)
    assert await identity.authenticate(here.token) == here.login


async def test_a_user_ends_only_own_logins(identity: Identity) -> None:
    ended: list[list[str]] = []
    identity.changed.append(lambda user, logins, renamed: ended.append(logins))
    ada, bob = await identity.sign_up("ada", PASSWORD), await identity.sign_up("bob", PASSWORD)

    with pytest.raises(NotFound):
        await identity.end(bob.login, ada.login.id)
    with pytest.raises(NotFound):
        await identity.end(bob.login, "nothing")
    assert ended == []
    assert await identity.authenticate(ada.token) == ada.login


class PausedLogins:
    """The store's logins, with answers about tokens that come when the test says so."""

    def __init__(self, logins: LoginStore) -> None:
        self._logins = logins
        self.read = asyncio.Event()
        self.go_on = asyncio.Event()

    async def by_token(self, token_sha256: bytes, now_ms: int) -> Login | None:
        login = await self._logins.by_token(token_sha256, now_ms)
        self.read.set()
        await self.go_on.wait()
        return login

    def __getattr__(self, name: str) -> object:
        return getattr(self._logins, name)


async def test_who_was_looked_up_while_the_login_ended_is_refused(store: SqliteStore, clock: Clock) -> None:
    class PausedStore(SqliteStore):
        def __init__(self) -> None:
            self.paused = PausedLogins(store.logins)

        logins = property(lambda self: self.paused)
        accounts = property(lambda self: store.accounts)
        records = property(lambda self: store.records)
        rooms = property(lambda self: store.rooms)

    paused = PausedStore()
    identity = Identity(paused, now_ms=clock, hasher=CHEAP)
    await identity.open()
    signed_in = await identity.sign_up("ada", PASSWORD)

    looking = asyncio.create_task(identity.authenticate(signed_in.token))
    await paused.paused.read.wait()
    await identity.end(signed_in.login, signed_in.login.id)
    paused.paused.go_on.set()

    with pytest.raises(Unauthenticated):
        await looking
    with pytest.raises(Unauthenticated):
        await identity.authenticate(signed_in.token)
    await identity.close()


async def test_a_login_ends_after_90_days_of_absence(identity: Identity, clock: Clock) -> None:
    signed_in = await identity.sign_up("ada", PASSWORD)

    clock.advance(days=90, ms=-1)
    await identity.authenticate(signed_in.token)
    clock.advance(days=90)
    with pytest.raises(Unauthenticated):
        await identity.authenticate(signed_in.token)


async def test_a_cached_login_ends_as_well(identity: Identity, clock: Clock) -> None:
    signed_in = await identity.sign_up("ada", PASSWORD)
    await identity.authenticate(signed_in.token)

    clock.advance(days=90)
    with pytest.raises(Unauthenticated):
        await identity.authenticate(signed_in.token)


async def test_use_is_noted_at_most_once_an_hour(identity: Identity, store: SqliteStore, clock: Clock) -> None:
    signed_in = await identity.sign_up("ada", PASSWORD)
    start = clock()

    clock.advance(hours=1, ms=-1)
    await identity.authenticate(signed_in.token)
    assert (await identity.sessions(signed_in.login))[0].seen_ms == start

    clock.advance(ms=1)
    seen = await identity.authenticate(signed_in.token)
    assert seen == msgspec.structs.replace(signed_in.login, seen_ms=clock(), expires_ms=clock() + 90 * DAY_MS)
    assert await identity.sessions(seen) == [seen]


async def test_who_can_be_read_is_let_in_when_nothing_can_be_written(
    identity: Identity, store: SqliteStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in = await identity.sign_up("ada", PASSWORD)

    async def fail(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(type(store.logins), "touch", fail)
    clock.advance(hours=2)

    assert (await identity.authenticate(signed_in.token)).id == signed_in.login.id


async def test_sessions_lists_what_has_not_expired(identity: Identity, clock: Clock) -> None:
    old = await identity.sign_up("ada", PASSWORD)
    clock.advance(days=50)
    new = await identity.sign_in("ada", PASSWORD, device="phone")
    assert [login.id for login in await identity.sessions(new.login)] == [old.login.id, new.login.id]

    clock.advance(days=45)
    assert [login.id for login in await identity.sessions(new.login)] == [new.login.id]


async def test_thousands_come_back_at_once(identity: Identity, store: SqliteStore, clock: Clock) -> None:
    """More than the cache holds: each is somebody, and nobody is somebody else."""
    tokens = {f"u{number}": f"{number:043d}" for number in range(3_000)}
    accounts = await asyncio.gather(*(store.accounts.create(UserName(name), "", "", 0) for name in tokens))
    await asyncio.gather(
        *(
            store.logins.create(
                f"l-{account.name}",
                account.id,
                hashlib.sha256(tokens[account.name].encode()).digest(),
                "",
                clock(),
                clock() + DAY_MS,
            )
            for account in accounts
        )
    )

    for _ in range(2):
        logins = await asyncio.gather(*(identity.authenticate(token) for token in tokens.values()))
        assert [login.user.name for login in logins] == list(tokens)


async def test_what_changed_on_another_node_is_read_anew(store: SqliteStore, clock: Clock) -> None:
    here, there = Identity(store, now_ms=clock), Identity(store, now_ms=clock)
    await here.open()
    await there.open()
    ada = await here.sign_up("ada", PASSWORD)
    await there.authenticate(ada.token)
    await here.end(ada.login, ada.login.id)

    there.forget(ada.login.user_id)

    with pytest.raises(Unauthenticated):
        await there.authenticate(ada.token)
    await here.close()
    await there.close()
