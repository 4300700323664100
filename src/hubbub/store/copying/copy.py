"""The copy itself: table by table, in batches, to be continued where it was cut off; then both ends are compared."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from .content import compare, fingerprint
from .sides import Source, Target
from .tables import TABLES, Progress, Table

Advance = Callable[[str, int, int], None]
"""Is told (what is done, rows done, rows in all), also at the beginning."""


class Copied(Struct, frozen=True):
    """What the target holds: rows of each table. `resumed`: rows that an earlier run had copied."""

    counts: dict[str, int]
    resumed: int


async def copy(source: Source, target: Target, advance: Advance) -> Copied:
    """Copy everything, then read both ends again and compare every row.

    Raises:
        CopyError: with one line for the operator. What was copied stays, and the next call goes on from there.
    """
    try:
        await source.open()
        await target.open()
        progress = await target.begin(await fingerprint(source))
        resumed = progress.rows
        total = await source.size()
        advance("Copying", resumed, total)
        for table in _remaining(progress):
            progress = await _copy_table(source, target, table, progress, lambda done: advance("Copying", done, total))
        await target.complete()
        advance("Comparing", 0, total)
        counts = await compare(source, target, lambda done: advance("Comparing", done, total))
        await target.finish()
    finally:
        await target.close()
        await source.close()
    return Copied(counts, resumed)


def _remaining(progress: Progress) -> tuple[Table, ...]:
    names = [table.name for table in TABLES]
    return TABLES[names.index(progress.table) if progress.table else 0 :]


async def _copy_table(
    source: Source, target: Target, table: Table, progress: Progress, advance: Callable[[int], None]
) -> Progress:
    after = progress.last if progress.table == table.name else ()
    while rows := await source.rows(table, after):
        after = table.key_of(rows[-1])
        progress = replace(progress, table=table.name, last=after, rows=progress.rows + len(rows))
        await target.put(table, rows, progress)
        advance(progress.rows)
    return progress
