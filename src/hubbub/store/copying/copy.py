"""The copy itself: table by table, in batches, to be continued where it was cut off."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from .sides import CopyError, Source, Target
from .tables import TABLES, Progress, Summary, Table


class Copied(Struct, frozen=True):
    """What the target holds. `resumed`: rows that an earlier run had copied."""

    summary: Summary
    resumed: int


async def copy(source: Source, target: Target, advance: Callable[[int, int], None]) -> Copied:
    """Copy everything and compare. `advance` is told (rows copied, rows in all), also at the beginning.

    Raises:
        CopyError: with one line for the operator. What was copied stays, and the next call goes on from there.
    """
    await source.open()
    try:
        await target.open()
        try:
            progress = await target.begin(await source.state())
            resumed = progress.rows
            total = await source.size()
            advance(resumed, total)
            for table in _remaining(progress):
                progress = await _copy_table(source, target, table, progress, lambda done: advance(done, total))
            await target.complete()
            found = await target.summary()
            _compare(await source.summary(), found)
            await target.finish()
        finally:
            await target.close()
    finally:
        await source.close()
    return Copied(found, resumed)


def _remaining(progress: Progress) -> tuple[Table, ...]:
    names = [table.name for table in TABLES]
    return TABLES[names.index(progress.table) if progress.table else 0 :]


async def _copy_table(
    source: Source, target: Target, table: Table, progress: Progress, advance: Callable[[int], None]
) -> Progress:
    after = progress.last if progress.table == table.name else ()
    while rows := await source.rows(table, after):
        after = tuple(value for value in table.key_of(rows[-1]) if isinstance(value, int | str))
        progress = replace(progress, table=table.name, last=after, rows=progress.rows + len(rows))
        await target.put(table, rows, progress)
        advance(progress.rows)
    return progress


def _compare(source: Summary, target: Summary) -> None:
    for name, count in source.counts.items():
        if target.counts[name] != count:
            raise CopyError(f"The copy differs: {target.counts[name]} rows in {name}, {count} in the source.")
    for room, (events, head) in source.heads.items():
        if target.heads.get(room) != (events, head):
            raise CopyError(f"The copy differs: the log of room number {room} ends elsewhere.")
        if events != head:
            raise CopyError(f"The source is damaged: the log of room number {room} has {events} events up to {head}.")
    if source.marks != target.marks:
        raise CopyError("The copy differs in the read marks.")
