"""Signing up, signing in, passwords."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest
from argon2 import PasswordHasher

from hubbub.errors import (
    BadField,
    BadName,
    HubbubError,
    NameTaken,
    SignupClosed,
    TooManyAttempts,
    Unauthenticated,
    WeakPassword,
    WrongCredentials,
)
from hubbub.identity import Identity, IdentityLimits, ServerState, SignedIn
from hubbub.identity.bucket import Rate
from hubbub.identity.passwords import standard_hasher
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import User, UserName

from .clock import Clock
from .conftest import CHEAP

PASSWORD = "correct horse"


async def test_the_first_account_is_administrator(identity: Identity) -> None:
    assert await identity.server_state() == ServerState("open", needs_setup=True)

    first = await identity.sign_up("ada", PASSWORD, title=" Ada ")
    second = await identity.sign_up("bob", PASSWORD)

    assert first.login.user == User(UserName("ada"), "Ada", admin=True)
    assert second.login.user == User(UserName("bob"))
    assert await identity.server_state() == ServerState("open", needs_setup=False)


@pytest.mark.parametrize(
    "name", ["", "Ada", "-ada", ".ada", "_ada", "ada lovelace", "adä", "a" * 33, "ada\n", "a\0", "а"]
)
async def test_a_name_that_others_could_not_type_is_refused(identity: Identity, name: str) -> None:
    with pytest.raises(BadName):
        await identity.sign_up(name, PASSWORD)


@pytest.mark.parametrize("name", ["a", "0", "a.b-c_d", "a" * 32])
async def test_good_names(identity: Identity, name: str) -> None:
    assert (await identity.sign_up(name, PASSWORD)).login.user.name == name


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257, "1234567\ud800"])
async def test_a_weak_password_is_refused(identity: Identity, password: str) -> None:
    with pytest.raises(WeakPassword):
        await identity.sign_up("ada", password)


@pytest.mark.parametrize("title", ["x" * 81, "a\nb", "a\0b", "a\u202eb", "a\u2028b", "\ud800"])
async def test_a_title_that_disturbs_is_refused(identity: Identity, title: str) -> None:
    with pytest.raises(BadField):
        await identity.sign_up("ada", PASSWORD, title=title)


async def test_a_name_is_taken_once(identity: Identity) -> None:
    await identity.sign_up("ada", PASSWORD)

    with pytest.raises(NameTaken):
        await identity.sign_up("ada", PASSWORD)


async def test_signing_in_takes_any_case_and_any_composition(identity: Identity) -> None:
    await identity.sign_up("ada", "cafe\N{COMBINING ACUTE ACCENT} noir")

    signed_in = await identity.sign_in(" ADA ", "caf\N{LATIN SMALL LETTER E WITH ACUTE} noir", device="phone\n")

    assert signed_in.login.user.name == "ada"
    assert signed_in.login.device == "phone"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "wrong password"),
        ("ada", ""),
        ("bob", PASSWORD),
        ("", PASSWORD),
        ("ada\ud800", PASSWORD),
        ("ä", PASSWORD),
    ],
)
async def test_wrong_credentials_are_all_the_same(identity: Identity, name: str, password: str) -> None:
    await identity.sign_up("ada", PASSWORD)

    with pytest.raises(WrongCredentials) as refusal:
        await identity.sign_in(name, password)
    assert refusal.value.message == WrongCredentials.message


async def test_an_unknown_name_costs_the_same_work(store: SqliteStore, clock: Clock) -> None:
    class Counting(PasswordHasher):
        verified = 0

        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  argon2's name
            Counting.verified += 1
            return super().verify(hash, password)

    identity = Identity(store, now_ms=clock, hasher=Counting(time_cost=1, memory_cost=8, parallelism=1))
    await identity.open()
    await identity.sign_up("ada", PASSWORD)
    await store.accounts.create(UserName("bot"), "", "", 0)  # cannot sign in with a password

    for number, name in enumerate(("ada", "bob", "bot"), start=1):
        with pytest.raises(WrongCredentials):
            await identity.sign_in(name, "wrong password")
        assert Counting.verified == number
    await identity.close()


async def test_a_password_is_hashed_anew_when_parameters_changed(store: SqliteStore, clock: Clock) -> None:
    before = Identity(store, now_ms=clock, hasher=CHEAP)
    await before.open()
    await before.sign_up("ada", PASSWORD)
    await before.close()
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    after = Identity(store, now_ms=clock, hasher=stronger)
    await after.open()

    await asyncio.gather(*(after.sign_in("ada", PASSWORD) for _ in range(4)))

    account = await store.accounts.by_name(UserName("ada"))
    assert account is not None
    assert not stronger.check_needs_rehash(account.password_hash)
    await after.sign_in("ada", PASSWORD)
    await after.close()


async def test_the_standard_hash_is_argon2id_of_19_mib(
    store: SqliteStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubbub.identity.identity.standard_hasher", standard_hasher)  # other tests have a cheap one
    identity = Identity(store, now_ms=clock)
    await identity.open()
    await identity.sign_up("ada", PASSWORD)
    await identity.close()

    account = await store.accounts.by_name(UserName("ada"))
    assert account is not None
    assert account.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


async def test_sign_up_can_be_closed_but_not_for_the_first(store: SqliteStore, clock: Clock) -> None:
    identity = Identity(store, now_ms=clock, hasher=CHEAP, signup_default="closed")
    await identity.open()

    outcomes = await asyncio.gather(
        *(identity.sign_up(name, PASSWORD) for name in ("ada", "bob", "cyd")), return_exceptions=True
    )

    assert sum(isinstance(outcome, SignupClosed) for outcome in outcomes) == 2
    assert await store.accounts.count() == 1
    await identity.close()


async def test_sign_up_is_opened_and_closed(identity: Identity) -> None:
    await identity.sign_up("ada", PASSWORD)

    await identity.set_signup("closed")
    assert (await identity.server_state()).signup == "closed"
    with pytest.raises(SignupClosed):
        await identity.sign_up("cyd", PASSWORD)
    with pytest.raises(BadField):
        await identity.set_signup("ajar")

    await identity.set_signup("open")
    await identity.sign_up("cyd", PASSWORD)


async def test_guessing_one_name_stops_and_starts_again_later(identity: Identity, clock: Clock) -> None:
    await identity.sign_up("ada", PASSWORD)
    for _ in range(10):
        with pytest.raises(WrongCredentials):
            await identity.sign_in("ada", "wrong password")

    with pytest.raises(TooManyAttempts) as refusal:
        await identity.sign_in("Ada", PASSWORD)
    assert refusal.value.retryable

    clock.advance(seconds=10)
    await identity.sign_in("ada", PASSWORD)


async def test_signing_in_rightly_does_not_count(identity: Identity) -> None:
    await identity.sign_up("ada", PASSWORD, peer="192.0.2.1")

    for _ in range(60):
        await identity.sign_in("ada", PASSWORD, peer="192.0.2.1")


async def test_one_peer_guessing_many_names_stops(store: SqliteStore, clock: Clock) -> None:
    identity = Identity(
        store,
        now_ms=clock,
        hasher=CHEAP,
        limits=IdentityLimits(sign_ins_per_peer=Rate(5, 1), sign_ups_per_peer=Rate(1, 1)),
    )
    await identity.open()
    await identity.sign_up("ada", PASSWORD, peer="192.0.2.1")
    outcomes = [await failure(identity, f"user{number}", peer="192.0.2.1") for number in range(6)]

    assert outcomes == [WrongCredentials] * 5 + [TooManyAttempts]
    await identity.sign_in("ada", PASSWORD, peer="192.0.2.2")
    await identity.close()


async def failure(identity: Identity, name: str, peer: str) -> type[Exception]:
    with pytest.raises(HubbubError) as refusal:
        await identity.sign_in(name, PASSWORD, peer=peer)
    return refusal.type


async def test_one_peer_signs_up_so_many_people_at_once(store: SqliteStore, clock: Clock) -> None:
    identity = Identity(store, now_ms=clock, hasher=CHEAP, limits=IdentityLimits(sign_ups_per_peer=Rate(2, 60)))
    await identity.open()
    await identity.sign_up("ada", PASSWORD, peer="192.0.2.1")
    await identity.sign_up("bob", PASSWORD, peer="192.0.2.1")

    with pytest.raises(TooManyAttempts):
        await identity.sign_up("cyd", PASSWORD, peer="192.0.2.1")
    await identity.sign_up("dan", PASSWORD, peer="192.0.2.2")
    await identity.sign_up("eve", PASSWORD)  # a peer without an address
    await identity.close()


async def test_changing_the_password_ends_the_other_logins(identity: Identity) -> None:
    ended: list[list[str]] = []
    identity.changed.append(lambda user, logins, renamed: ended.append(logins))
    here = await identity.sign_up("ada", PASSWORD)
    there = await identity.sign_in("ada", PASSWORD)

    await identity.change_password(here.login, PASSWORD, "another horse")

    assert ended == [[there.login.id]]
    assert await identity.authenticate(here.token) == here.login
    with pytest.raises(Unauthenticated):
        await identity.authenticate(there.token)
    with pytest.raises(WrongCredentials):
        await identity.sign_in("ada", PASSWORD)
    await identity.sign_in("ada", "another horse")


async def test_changing_the_password_needs_the_old_one_and_a_good_new_one(identity: Identity) -> None:
    login = (await identity.sign_up("ada", PASSWORD)).login

    with pytest.raises(WrongCredentials):
        await identity.change_password(login, "wrong password", "another horse")
    with pytest.raises(WeakPassword):
        await identity.change_password(login, PASSWORD, "short")
    await identity.sign_in("ada", PASSWORD)


async def test_no_login_of_the_old_password_survives_its_change(identity: Identity) -> None:
    """Signing in with the old password at the same time: it fails, or its login is ended."""
    here = await identity.sign_up("ada", PASSWORD)

    _, *others = await asyncio.gather(
        identity.change_password(here.login, PASSWORD, "another horse"),
        *(identity.sign_in("ada", PASSWORD) for _ in range(6)),
        return_exceptions=True,
    )

    assert [login.id for login in await identity.sessions(here.login)] == [here.login.id]
    for signed_in in others:
        if isinstance(signed_in, SignedIn):
            with pytest.raises(Unauthenticated):
                await identity.authenticate(signed_in.token)


async def test_a_title_can_be_changed_and_is_seen_at_once(identity: Identity) -> None:
    signed_in = await identity.sign_up("ada", PASSWORD)
    await identity.authenticate(signed_in.token)

    user = await identity.set_title(signed_in.login, "Countess")

    assert user == User(UserName("ada"), "Countess", admin=True)
    assert (await identity.authenticate(signed_in.token)).user == user
    with pytest.raises(BadField):
        await identity.set_title(signed_in.login, "a\tb")
