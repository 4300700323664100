"""Waiting for clients' answers to events of ours, one client or many."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any

from hubbub.realtime.core.connection import Connection


class NoAnswer(TimeoutError):
    """Not everybody answered in time.

    Attributes:
        answers: those that came.
        missing: how many did not.
        left: how many of those were gone before.
    """

    def __init__(self, answers: Sequence[Any], missing: int, left: int = 0) -> None:
        self.answers = list(answers)
        self.missing = missing
        self.left = left
        asked = len(self.answers) + missing
        said = [f"{missing - left} of {asked} did not answer in time"] if missing > left else []
        if left:
            said.append(f"{left} of {asked} left before answering")
        super().__init__(", ".join(said))


class _Question:
    __slots__ = ("answers", "future", "left", "waiting")

    def __init__(self, asked: set[Connection], future: asyncio.Future[None]) -> None:
        self.waiting = asked
        self.answers: list[Any] = []
        self.left = 0
        self.future = future


class Answers:
    """The questions that are open. Ids are unique in the process, so that one packet can ask a whole room."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ids = itertools.count()
        self._open: dict[int, _Question] = {}
        self._asked: dict[Connection, set[int]] = {}

    def __len__(self) -> int:
        """Open questions."""
        return len(self._open)

    def next_id(self) -> int:
        return next(self._ids)

    async def collect(self, number: int, asked: Sequence[Connection], timeout_seconds: float) -> list[Any]:
        """What each one answered, in the order in which it came: nothing is None, several values are a list.

        Raises:
            NoAnswer: some did not answer in time, or left before.
        """
        if not asked:
            return []
        question = self._open[number] = _Question(set(asked), self._loop.create_future())
        for connection in asked:
            self._asked.setdefault(connection, set()).add(number)
        try:
            async with asyncio.timeout(timeout_seconds):
                await question.future
        except TimeoutError:
            pass
        finally:
            del self._open[number]
            for connection in tuple(question.waiting):
                self._settle(number, question, connection)
        if len(question.answers) < len(asked):
            raise NoAnswer(question.answers, len(asked) - len(question.answers), question.left)
        return question.answers

    def take(self, connection: Connection, number: int, args: list[Any]) -> None:
        """An answer came. One that nobody asked for, or asked of somebody else, is dropped."""
        question = self._open.get(number)
        if question is not None and connection in question.waiting:
            question.answers.append(args[0] if len(args) == 1 else args or None)
            self._settle(number, question, connection)

    def gone(self, connection: Connection) -> None:
        """It will answer nothing any more."""
        for number in tuple(self._asked.get(connection, ())):
            self._open[number].left += 1
            self._settle(number, self._open[number], connection)

    def _settle(self, number: int, question: _Question, connection: Connection) -> None:
        question.waiting.discard(connection)
        numbers = self._asked[connection]
        numbers.discard(number)
        if not numbers:
            del self._asked[connection]
        if not question.waiting and not question.future.done():
            question.future.set_result(None)
