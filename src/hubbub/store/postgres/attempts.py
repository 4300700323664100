"""What is counted against guessing.

Its transactions go one by one, on all nodes together: there are at most some ten a second, each node's in one batch.
"""

from __future__ import annotations

from collections.abc import Sequence

from hubbub.store.attempts import SWEPT_ROWS, Attempt, Bucket, Outcome, Question, Row, settle
from hubbub.store.coalesce import Coalesced

from .pool import Pool
from .session import Connection

_ALONE = "SELECT pg_advisory_xact_lock($1, hashtext(current_schema()))"
_ALONE_KEY = 0x48756202

_ROWS = "SELECT key, level, at_ms, until_ms FROM attempts WHERE key = ANY ($1::bytea[])"

_PUT = """
INSERT INTO attempts (key, level, at_ms, until_ms)
SELECT * FROM unnest($1::bytea[], $2::double precision[], $3::bigint[], $4::bigint[])
ON CONFLICT (key) DO UPDATE SET level = excluded.level, at_ms = excluded.at_ms, until_ms = excluded.until_ms
"""

_SWEEP = "DELETE FROM attempts WHERE key IN (SELECT key FROM attempts WHERE until_ms <= $1 ORDER BY until_ms LIMIT $2)"


class PostgresAttempts:
    """See `AttemptStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._ask = Coalesced(self._settle)

    async def close(self) -> None:
        await self._ask.close()

    async def take(self, attempt: Attempt, now_ms: int) -> Outcome:
        return await self._ask.ask(Question(now_ms, attempt))

    async def succeeded(self, buckets: Sequence[Bucket], mark: bytes | None, until_ms: int, now_ms: int) -> None:
        await self._ask.ask(Question(now_ms, None, tuple(buckets), mark, until_ms))

    async def _settle(self, questions: Sequence[Question]) -> list[Outcome]:
        keys = list({key for question in questions for key in question.keys})
        now_ms = max(question.now_ms for question in questions)

        async def write(connection: Connection) -> list[Outcome]:
            async with connection.transaction():
                await connection.execute(_ALONE, _ALONE_KEY)
                rows = {
                    key: Row(level, at_ms, until_ms)
                    for key, level, at_ms, until_ms in await connection.fetch(_ROWS, keys)
                }
                outcomes, changed = settle(questions, rows)
                if changed:
                    levels, at, until = zip(*changed.values(), strict=True)
                    await connection.execute(_PUT, list(changed), levels, at, until)
                    await connection.execute(_SWEEP, now_ms, SWEPT_ROWS)
            return outcomes

        return await self._pool.submit(write)
