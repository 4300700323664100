"""What tells two stores with the same content from others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b

import msgspec

from .sides import CopyError, Side, Source, Target
from .tables import EVENTS, TABLES, Place, Row, Table, Value

_encode = msgspec.msgpack.Encoder().encode

_DIGEST_BYTES = 16
_MASK = (1 << 8 * _DIGEST_BYTES) - 1


class Content:
    """The rows of one table, added up in any order: engines may sort texts differently.

    Attributes:
        rows: how many.
        of_key: how many with the same first column; of events this is the length of each room's log.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.of_key: Counter[Value] = Counter()
        self._sum = 0

    def add(self, rows: list[Row]) -> None:
        self.rows += len(rows)
        self.of_key.update(row[0] for row in rows)
        for row in rows:
            self._sum += int.from_bytes(blake2b(_encode(row), digest_size=_DIGEST_BYTES).digest())

    @property
    def digest(self) -> bytes:
        return (self._sum & _MASK).to_bytes(_DIGEST_BYTES)


async def fingerprint(source: Source) -> str:
    """A text that is another one after anything in the source has changed.

    Logs are only ever added to: of them the heads are enough, and they need not be read.
    """
    facts: list[object] = [sorted((await source.heads()).items())]
    for table in TABLES:
        if table is not EVENTS:
            content = await _read(source, table)
            facts.append((content.rows, content.digest))
    return blake2b(_encode(facts), digest_size=_DIGEST_BYTES).hexdigest()


async def compare(source: Source, target: Target, advance: Callable[[int], None]) -> dict[str, int]:
    """Read both again: how many rows each table has. `advance` is told how many rows were compared.

    Raises:
        CopyError: a row, a room's head or the end of a log differs, or a log of the source has a hole.
    """
    counts: dict[str, int] = {}
    logs: Counter[Value] = Counter()
    for table in TABLES:

        def advanced(rows: int, before: int = sum(counts.values())) -> None:
            advance(before + rows)

        theirs, ours = await asyncio.gather(_read(source, table), _read(target, table, advanced))
        if theirs.rows != ours.rows:
            raise CopyError(f"The copy differs: {ours.rows} rows in {table.name}, {theirs.rows} in the source.")
        if theirs.digest != ours.digest:
            raise CopyError(f"The copy differs: a row in {table.name} is not the same.")
        counts[table.name] = ours.rows
        if table is EVENTS:
            logs = theirs.of_key
    heads = await source.heads()
    for room, head in heads.items():
        if logs[room] != head:
            raise CopyError(
                f"The source is damaged: the log of room number {room} has {logs[room]} events up to {head}."
            )
    if heads != await target.heads():
        raise CopyError("The copy differs: a room has another head.")
    return counts


async def _read(side: Side, table: Table, advance: Callable[[int], None] = lambda rows: None) -> Content:
    content = Content()
    after: Place = ()
    while rows := await side.rows(table, after):
        after = table.key_of(rows[-1])
        content.add(rows)
        advance(content.rows)
    return content
