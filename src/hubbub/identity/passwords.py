"""Hashes and checks passwords without blocking the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hubbub.errors import TooManyAttempts

T = TypeVar("T")

THREADS = 2
WAITING = 256
"""So many may wait for a thread: about 4 seconds. More are refused instead of waiting longer."""


def standard_hasher() -> PasswordHasher:
    """Argon2id, 19 MiB, two passes: OWASP's profile for servers that hash beside other work."""
    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class Passwords:
    """Argon2 in a small pool of threads; it releases the interpreter's lock while it works."""

    def __init__(self, hasher: PasswordHasher, random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        self._hasher = hasher
        self._random_bytes = random_bytes
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="hubbub-argon2")
        self._waiting = 0
        self._nobody = ""

    async def open(self) -> None:
        """Prepare the hash that is checked when there is no account, so that both cases take the same work."""
        self._nobody = await self.hash(self._random_bytes(16).hex())

    async def close(self) -> None:
        """Finish what was begun."""
        await asyncio.to_thread(self._pool.shutdown)

    async def hash(self, password: str) -> str:
        """Raises TooManyAttempts when too many wait."""
        return await self._run(lambda: self._hasher.hash(password, salt=self._random_bytes(16)))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password belongs to the hash. None or empty: no, after the same work.

        Raises TooManyAttempts when too many wait.
        """
        right = await self._run(lambda: self._matches(password_hash or self._nobody, password))
        return right and bool(password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _matches(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= WAITING:
            raise TooManyAttempts
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1
