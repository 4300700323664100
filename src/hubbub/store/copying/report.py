"""How far a copy is, for who waits: a bar on a terminal, otherwise a line for each tenth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TextIO

import click

from .copy import Advance


@contextmanager
def reported(out: TextIO) -> Iterator[Advance]:
    """Tells on `out` what is advanced."""
    if not out.isatty():
        yield _Lines(out).advance
        return
    with ExitStack() as shown:
        yield _Bars(out, shown).advance


class _Lines:
    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._told = ("", 0)

    def advance(self, stage: str, done: int, total: int) -> None:
        told = (stage, done * 10 // max(total, 1))
        if told != self._told:
            self._told = told
            click.echo(f"{stage}: {done} of {total} rows", file=self._out)


class _Bars:
    """One bar for each stage, below each other."""

    def __init__(self, out: TextIO, shown: ExitStack) -> None:
        self._out = out
        self._shown = shown
        self._stage = ""

    def advance(self, stage: str, done: int, total: int) -> None:
        if stage != self._stage:
            self._shown.close()
            self._stage = stage
            self._bar = self._shown.enter_context(
                click.progressbar(length=max(total, 1), label=f"{stage:<9}", file=self._out)
            )
        self._bar.update(done - self._bar.pos)
