"""Who guesses is stopped, on all nodes and over a restart; who is known is not held up by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from hubbub.errors import HubbubError, RateLimited, TooManyAttempts, WrongCredentials
from hubbub.identity import Identity, IdentityLimits
from hubbub.identity.bucket import Rate
from hubbub.identity.clients import place
from hubbub.identity.shared_buckets import SharedBuckets
from hubbub.store import Store
from hubbub.store.postgres import PostgresStore
from hubbub.store.sqlite import SqliteStore
from tests.support.postgres import postgres, postgres_dsn

from .clock import Clock
from .conftest import CHEAP

__all__ = ["postgres", "postgres_dsn"]

PASSWORD = "correct horse"
HOME, CAFE, ATTACKER = "192.0.2.1", "192.0.2.2", "198.51.100.66"

Start = Callable[[], Awaitable[Identity]]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def started(store: Store, clock: Clock, stack: AsyncExitStack, limits: IdentityLimits | None = None) -> Identity:
    identity = Identity(store, now_ms=clock, hasher=CHEAP, limits=limits)
    await identity.open()
    stack.push_async_callback(identity.close)
    return identity


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a PostgreSQL database; empty: SQLite."""
    return str(request.getfixturevalue("postgres_dsn")) if request.param == "postgres" else ""


@pytest.fixture
async def start(database: str, tmp_path: Path, clock: Clock, stack: AsyncExitStack) -> Start:
    """Starts an identity: another node on PostgreSQL, the next process on the SQLite file."""
    last: list[SqliteStore] = []

    async def sqlite() -> Identity:
        for store in last:
            await store.close()
        last[:] = [SqliteStore(tmp_path / "limits.db")]
        await last[0].open()
        stack.push_async_callback(last[0].close)
        return await started(last[0], clock, stack)

    async def node() -> Identity:
        store = PostgresStore(database)
        await store.open()
        stack.push_async_callback(store.close)
        return await started(store, clock, stack)

    return node if database else sqlite


async def outcome(identity: Identity, name: str = "ada", password: str = "not it", **where: str) -> str:
    """What a sign-in comes to: "in", or the code of its refusal."""
    try:
        await identity.sign_in(name, password, **where)
    except HubbubError as error:
        return error.code
    return "in"


async def guess(identity: Identity, times: int, **where: str) -> list[str]:
    return [await outcome(identity, **where) for _ in range(times)]


WRONG, STOPPED = WrongCredentials.code, TooManyAttempts.code


async def test_what_one_process_counts_holds_in_the_next_and_on_the_others(start: Start, clock: Clock) -> None:
    first = await start()
    await first.sign_up("ada", PASSWORD, peer=HOME)
    assert await guess(first, 6, peer=ATTACKER) == [WRONG] * 6
    second = await start()
    assert await guess(second, 5, peer=ATTACKER) == [WRONG] * 4 + [STOPPED]
    third = await start()
    assert await outcome(third, password=PASSWORD, peer=ATTACKER) == STOPPED
    clock.advance(seconds=10)
    assert await outcome(third, password=PASSWORD, peer=ATTACKER) == "in"


async def test_a_known_device_and_address_are_known_after_a_restart(start: Start, clock: Clock) -> None:
    first = await start()
    device = (await first.sign_up("ada", PASSWORD, peer=HOME)).device_token
    await guess(first, 12, peer=ATTACKER)
    second = await start()
    assert await outcome(second, password=PASSWORD, peer=CAFE) == STOPPED
    assert await outcome(second, password=PASSWORD, peer=CAFE, device_token=device) == "in"
    assert await outcome(second, password=PASSWORD, peer=HOME) == "in"


async def test_guessers_from_many_addresses_lock_out_strangers_only(identity: Identity) -> None:
    signed_up = await identity.sign_up("ada", PASSWORD, peer=HOME)
    for number in range(40):
        await guess(identity, 1, peer=f"198.51.100.{number}")
    assert await outcome(identity, password=PASSWORD, peer=CAFE) == STOPPED
    for _ in range(30):
        assert await outcome(identity, password=PASSWORD, peer=HOME) == "in"
        assert await outcome(identity, password=PASSWORD, peer=ATTACKER, device_token=signed_up.device_token) == "in"


async def test_nobody_guesses_on_from_a_known_device_or_address(identity: Identity, clock: Clock) -> None:
    device = (await identity.sign_up("ada", PASSWORD, peer=HOME)).device_token
    assert await guess(identity, 11, peer=HOME) == [WRONG] * 10 + [STOPPED]
    assert await guess(identity, 11, peer=HOME, device_token=device) == [WRONG] * 10 + [STOPPED]
    assert await outcome(identity, password=PASSWORD, peer=CAFE) == "in"  # and strangers are not stopped by either


async def test_an_address_is_forgotten_after_a_month(identity: Identity, clock: Clock) -> None:
    await identity.sign_up("ada", PASSWORD, peer=HOME)
    clock.advance(days=29)
    assert await outcome(identity, password=PASSWORD, peer=HOME) == "in"
    clock.advance(days=30)
    await guess(identity, 10, peer=ATTACKER)
    assert await outcome(identity, password=PASSWORD, peer=HOME) == STOPPED


async def test_an_address_that_becomes_known_is_let_in_at_once(identity: Identity) -> None:
    device = (await identity.sign_up("ada", PASSWORD, peer=HOME)).device_token
    await guess(identity, 10, peer=ATTACKER)
    assert await outcome(identity, password=PASSWORD, peer=CAFE) == STOPPED
    assert await outcome(identity, password=PASSWORD, peer=CAFE, device_token=device) == "in"
    assert await outcome(identity, password=PASSWORD, peer=CAFE) == "in"


async def test_the_password_can_be_changed_while_the_name_is_under_attack(identity: Identity) -> None:
    here = await identity.sign_up("ada", PASSWORD, peer=HOME)
    await guess(identity, 60, peer=ATTACKER)
    await guess(identity, 60, peer=HOME)
    await identity.change_password(here.login, PASSWORD, "another good one")


async def test_who_is_signed_in_guesses_the_password_only_so_often(identity: Identity, clock: Clock) -> None:
    here, there = await identity.sign_up("ada", PASSWORD), await identity.sign_in("ada", PASSWORD)
    for _ in range(10):
        with pytest.raises(WrongCredentials):
            await identity.change_password(here.login, "a wrong one", "another good one")
    with pytest.raises(TooManyAttempts) as refused:
        await identity.change_password(here.login, PASSWORD, "another good one")
    assert refused.value.retry_after_seconds == 10
    await identity.change_password(there.login, PASSWORD, "another good one")


async def test_right_passwords_have_a_rate_too(store: SqliteStore, clock: Clock, stack: AsyncExitStack) -> None:
    identity = await started(store, clock, stack, IdentityLimits(hashes_per_client=Rate(3, 2)))
    await identity.sign_up("ada", PASSWORD, peer=HOME)
    assert [await outcome(identity, password=PASSWORD, peer=HOME) for _ in range(4)] == ["in"] * 3 + [STOPPED]
    assert await outcome(identity, password=PASSWORD, peer=CAFE) == "in"
    clock.advance(seconds=2)
    assert await outcome(identity, password=PASSWORD, peer=HOME) == "in"


async def test_display_names_have_a_rate(identity: Identity, clock: Clock) -> None:
    ada = (await identity.sign_up("ada", PASSWORD)).login
    for number in range(20):
        await identity.set_title(ada, f"Ada {number}")
    with pytest.raises(RateLimited) as refused:
        await identity.set_title(ada, "Ada once more")
    assert refused.value.retry_after_seconds == 15
    clock.advance(seconds=15)
    await identity.set_title(ada, "Ada once more")


async def test_a_refused_attempt_does_not_ask_the_store_again(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    await identity.sign_up("ada", PASSWORD, peer=HOME)
    await guess(identity, 11, peer=ATTACKER)

    async def fail(*_: object) -> None:
        raise AssertionError("the store was asked")

    monkeypatch.setattr(SharedBuckets, "take", fail)
    assert await guess(identity, 50, peer=ATTACKER) == [STOPPED] * 50


async def test_the_store_holds_no_address_and_no_name(identity: Identity, store: SqliteStore, tmp_path: Path) -> None:
    await identity.sign_up("ada", PASSWORD)
    await guess(identity, 3, name="somebody-else", peer="203.0.113.77")
    data = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert b"203.0.113.77" not in data
    assert b"somebody-else" not in data


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "", True),
        ("a socket", "a socket", True),
    ],
)
def test_an_ipv6_network_of_a_subscriber_is_one_place(one: str, other: str, same: bool) -> None:
    assert (place(one) == place(other)) is same


async def test_one_network_guesses_as_one(identity: Identity) -> None:
    await identity.sign_up("ada", PASSWORD, peer=HOME)
    tried = [await outcome(identity, name=f"user{n}", peer=f"2001:db8::{n:x}") for n in range(51)]
    assert tried == [WRONG] * 50 + [STOPPED]
