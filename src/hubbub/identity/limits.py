"""How often somebody may try to sign in, to sign up, and to change what others see.

A wrong password counts against the address and against the name. The name's own count is for strangers only: for a
device or an address on which its owner has signed in before there is a count of its own (docs/decisions/0012). So
strangers who guess lock out strangers, and not the owner.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from msgspec import Struct

from hubbub.errors import RateLimited, TooManyAttempts
from hubbub.store import Settings, Store
from hubbub.vocabulary import UserId

from .bucket import Buckets, Rate
from .clients import place
from .devices import Devices
from .shared_buckets import Attempt, Bucket, SharedBuckets

KNOWN_MS: Final = 30 * 24 * 3_600_000
"""For so long after a sign-in an address counts as one of its user's."""

_SECRET: Final = "attempts_secret"  # noqa: S105  the name of the store's setting
_REFUSALS: Final = 10_000


class IdentityLimits(Struct, frozen=True):
    """The defaults stop guessing and leave a team behind one address alone. A sign-in that succeeds does not count.

    Attributes:
        sign_ins_per_name: by strangers, all together.
        sign_ins_per_place: of one name from one address, and of one name on one known device.
        sign_ins_per_peer: of all names from one address.
        sign_ups_per_peer: from one address.
        hashes_per_client: sign-ins from one address, right ones included: for the work that each is, in each process.
        password_changes: by one login.
        renames: of one user.
    """

    sign_ins_per_name: Rate = Rate(burst=10, refill_seconds=10)
    sign_ins_per_place: Rate = Rate(burst=10, refill_seconds=10)
    sign_ins_per_peer: Rate = Rate(burst=50, refill_seconds=1)
    sign_ups_per_peer: Rate = Rate(burst=50, refill_seconds=20)
    hashes_per_client: Rate = Rate(burst=300, refill_seconds=0.25)
    password_changes: Rate = Rate(burst=10, refill_seconds=10)
    renames: Rate = Rate(burst=20, refill_seconds=15)


class SignInAttempt(Struct, frozen=True):
    """A sign-in that may go on.

    Attributes:
        client: whose turn it takes where clients take turns.
        counted: where it counts until it succeeds.
        mark: that this address is one of the user's; None: the address is not known.
        stranger: the attempt of a device that is not known, from the same address.
        device: the token of the device, when it is a known one.
    """

    client: str
    counted: tuple[Bucket, ...]
    mark: bytes | None
    stranger: bytes
    device: str | None


class Attempts:
    """Counts attempts in the store, for all processes together. `open` first."""

    def __init__(
        self,
        limits: IdentityLimits,
        store: Store,
        *,
        now_ms: Callable[[], int],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._limits = limits
        self._store = store
        self._buckets = SharedBuckets(store)
        self._now_ms = now_ms
        self._random_bytes = random_bytes
        self._hashes = Buckets(limits.hashes_per_client)
        self._refused: OrderedDict[bytes, int] = OrderedDict()  # attempts that need not ask again → until when
        self._secret = b""
        self._devices = Devices(b"", random_bytes)

    async def open(self) -> None:
        """Learn the secret that all nodes share. Raises StoreUnavailable."""
        secret = await Settings(self._store.records).first(_SECRET, secrets.token_hex(32))
        self._secret = bytes.fromhex(secret)
        self._devices = Devices(self._secret, self._random_bytes)

    async def close(self) -> None:
        """Finish what was begun."""
        await self._buckets.close()

    async def sign_in(self, name: str, peer: str, device_token: str) -> SignInAttempt:
        """Raises TooManyAttempts, and then nothing is counted: waiting helps even while others keep trying."""
        limits, address = self._limits, place(peer)
        device = self._devices.find(name, device_token)
        client = address if device is None else f"name {name}"
        if not self._hashes.take(client, self._now_ms()):
            raise TooManyAttempts(retry_after_seconds=limits.hashes_per_client.refill_seconds)
        if device is not None:
            attempt = Attempt((self._bucket(limits.sign_ins_per_place, "device", name, device),))
        else:
            here = self._bucket(limits.sign_ins_per_place, "place", name, address)
            strangers = self._bucket(limits.sign_ins_per_name, "name", name)
            if address:
                peers = self._bucket(limits.sign_ins_per_peer, "peer", address)
                attempt = Attempt((peers, here, strangers), self._key("known", name, address), (peers, here))
            else:  # it is not known from where: only the name counts
                attempt = Attempt((strangers,))
        stranger = self._key("sign in", name, address)
        own = stranger if device is None else attempt.buckets[0].key
        counted = await self._take(attempt, own, TooManyAttempts)
        mark = self._key("known", name, address) if address else None
        return SignInAttempt(client, counted, mark, stranger, device_token if device is not None else None)

    async def succeeded(self, name: str, attempt: SignInAttempt) -> str:
        """The sign-in was right: it does not count, and its address is known. Returns the device's token."""
        await self._give_back(attempt.counted, attempt.mark)
        self._refused.pop(attempt.stranger, None)  # the address may just have become known
        return attempt.device or self._devices.new(name)

    async def undone(self, attempt: SignInAttempt) -> None:
        """It was not looked at whether the password is right: it does not count."""
        await self._give_back(attempt.counted, None)

    async def sign_up(self, peer: str) -> str:
        """Whose turn it takes. Raises TooManyAttempts."""
        address = place(peer)
        if address:
            bucket = self._bucket(self._limits.sign_ups_per_peer, "sign up", address)
            await self._take(Attempt((bucket,)), bucket.key, TooManyAttempts)
        return address

    async def signed_up(self, name: str, peer: str) -> str:
        """There is a new account: its first address is known. Returns the device's token."""
        address = place(peer)
        await self._give_back((), self._key("known", name, address) if address else None)
        return self._devices.new(name)

    async def password_change(self, login_id: str) -> tuple[Bucket, ...]:
        """Counts by the login alone: whoever guesses elsewhere is no matter here. Raises TooManyAttempts."""
        bucket = self._bucket(self._limits.password_changes, "password", login_id)
        return await self._take(Attempt((bucket,)), bucket.key, TooManyAttempts)

    async def password_changed(self, counted: tuple[Bucket, ...]) -> None:
        """It was right: it does not count."""
        await self._give_back(counted, None)

    async def rename(self, user_id: UserId) -> None:
        """Raises RateLimited."""
        bucket = self._bucket(self._limits.renames, "rename", str(user_id))
        await self._take(Attempt((bucket,)), bucket.key, RateLimited)

    async def _take(
        self, attempt: Attempt, identity: bytes, refusal: type[TooManyAttempts | RateLimited]
    ) -> tuple[Bucket, ...]:
        """One that was refused is refused without asking the store, until there can be another answer."""
        now_ms = self._now_ms()
        until_ms = self._refused.get(identity, 0)
        if until_ms > now_ms:
            raise refusal(retry_after_seconds=(until_ms - now_ms) / 1000)
        outcome = await self._buckets.take(attempt, now_ms)
        if outcome.wait_ms:
            self._refused[identity] = now_ms + outcome.wait_ms
            self._refused.move_to_end(identity)
            if len(self._refused) > _REFUSALS:
                self._refused.popitem(last=False)
            raise refusal(retry_after_seconds=outcome.wait_ms / 1000)
        self._refused.pop(identity, None)
        return outcome.taken

    async def _give_back(self, counted: tuple[Bucket, ...], mark: bytes | None) -> None:
        if not counted and mark is None:
            return
        now_ms = self._now_ms()
        await self._buckets.succeeded(counted, mark, now_ms + KNOWN_MS, now_ms)

    def _bucket(self, rate: Rate, *what: str) -> Bucket:
        return Bucket(self._key(*what), rate.burst, rate.refill_seconds * 1000)

    def _key(self, *what: str) -> bytes:
        """Names what is counted, and tells nobody who reads the store."""
        return blake2b("\0".join(what).encode("utf-8", "replace"), key=self._secret, digest_size=16).digest()
