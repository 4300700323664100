"""Hashes and checks passwords without blocking the event loop, and without one client's delaying another's."""

from __future__ import annotations

import os
from collections.abc import Callable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .fair_queue import FairQueue

THREADS = 2
WAITING_PER_CLIENT = 64
"""So many of one address may wait for a thread: about 2 seconds. More are refused instead of waiting longer."""

WAITING = 1_024
"""So many of all addresses together."""


def standard_hasher() -> PasswordHasher:
    """Argon2id, 19 MiB, two passes: OWASP's profile for servers that hash beside other work."""
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Passwords:
    """Argon2 in a small pool of threads; it releases the interpreter's lock while it works.

    `client` says whose turn a call takes, such as an address.
    """

    def __init__(self, hasher: PasswordHasher, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._hasher = hasher
        self._random_bytes = random_bytes
        self._queue = FairQueue("hubbub-argon2", threads=THREADS, per_client=WAITING_PER_CLIENT, in_all=WAITING)
        self._nobody = ""

    async def open(self) -> None:
        """Prepare the hash that is checked when there is no account, so that both cases take the same work."""
        self._nobody = await self.hash(self._random_bytes(16).hex())

    async def close(self) -> None:
        """Finish what was begun."""
        await self._queue.close()

    async def hash(self, password: str, client: str = "") -> str:
        """Raises TooManyAttempts when too many wait."""
        return await self._queue.run(client, lambda: self._hasher.hash(password, salt=self._random_bytes(16)))

    async def verify(self, password_hash: str | None, password: str, client: str = "") -> bool:
        """Whether the password belongs to the hash. None or empty: no, after the same work.

        Raises TooManyAttempts when too many wait.
        """
        right = await self._queue.run(client, lambda: self._matches(password_hash or self._nobody, password))
        return right and bool(password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
