"""What is counted against guessing."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec

from hubbub.store.attempts import SWEPT_ROWS, Attempt, Bucket, Outcome, Question, Row, settle
from hubbub.store.coalesce import Coalesced

from .writer import Writer

_ROWS = """
SELECT json_group_array(json_array(lower(hex(attempts.key)), level, at_ms, until_ms))
FROM json_each(?) AS want JOIN attempts ON attempts.key = unhex(want.value)
"""

_PUT = """
INSERT INTO attempts (key, level, at_ms, until_ms)
SELECT unhex(put.value ->> 0), put.value ->> 1, put.value ->> 2, put.value ->> 3 FROM json_each(?) AS put WHERE true
ON CONFLICT (key) DO UPDATE SET level = excluded.level, at_ms = excluded.at_ms, until_ms = excluded.until_ms
"""

_SWEEP = "DELETE FROM attempts WHERE key IN (SELECT key FROM attempts WHERE until_ms <= ? LIMIT ?)"

_decode = msgspec.json.Decoder(list[tuple[str, float, int, int]]).decode
_encode = msgspec.json.Encoder().encode


class SqliteAttempts:
    """See `AttemptStore`."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._ask = Coalesced(self._settle)

    async def take(self, attempt: Attempt, now_ms: int) -> Outcome:
        return await self._ask.ask(Question(now_ms, attempt))

    async def succeeded(self, buckets: Sequence[Bucket], mark: bytes | None, until_ms: int, now_ms: int) -> None:
        await self._ask.ask(Question(now_ms, None, tuple(buckets), mark, until_ms))

    async def _settle(self, questions: Sequence[Question]) -> list[Outcome]:
        keys = _encode([key.hex() for key in {key for question in questions for key in question.keys}]).decode()
        now_ms = max(question.now_ms for question in questions)

        def write(database: apsw.Connection) -> list[Outcome]:
            found = _decode(database.execute(_ROWS, (keys,)).get)
            rows = {bytes.fromhex(key): Row(level, at_ms, until_ms) for key, level, at_ms, until_ms in found}
            outcomes, changed = settle(questions, rows)
            if changed:
                put = _encode([(key.hex(), *row) for key, row in changed.items()]).decode()
                database.execute(_PUT, (put,))
                database.execute(_SWEEP, (now_ms, SWEPT_ROWS))
            return outcomes

        return await self._writer.write(write)
