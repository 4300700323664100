"""Commands that wait for their reply, by `ref`; and how the other parts of a client send one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Raw, Struct

from hubbub.errors import HubbubError
from hubbub.vocabulary import CommandBase

from .failures import BadAnswer, NoAnswer, remote_error
from .frames import ReplyFrame, decode_reply

T = TypeVar("T", bound=Struct)


class Ask(Protocol):
    """Sends a command on the present connection."""

    def __call__(self, command: CommandBase[T], settle: Callable[[T | HubbubError], None]) -> None:
        """Post it and call `settle` once: with the reply, an error, `NoAnswer` or `ConnectionLost`.

        Without a connection `settle` is called at once.
        """
        ...


class _Pending:
    __slots__ = ("answer", "settle", "timer")

    def __init__(self, answer: type[Any], settle: Callable[[Any], None], timer: asyncio.TimerHandle) -> None:
        self.answer = answer
        self.settle = settle
        self.timer = timer


class Requests:
    """Each begun request is settled exactly once: by its reply, by its time-out or by `abandon`.

    `settle` is called synchronously, while the reply is read: what it does happens before anything that the server
    sent after the reply is looked at.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._pending: dict[int, _Pending] = {}
        self._last = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def __len__(self) -> int:
        return len(self._pending)

    def begin(self, answer: type[T], settle: Callable[[T | HubbubError], None]) -> int:
        """Expect a reply of the type `answer`. Returns the `ref` to send."""
        self._last += 1
        ref = self._last
        timer = asyncio.get_running_loop().call_later(self._timeout_seconds, self._settle, ref, NoAnswer())
        self._pending[ref] = _Pending(answer, settle, timer)
        self._idle.clear()
        return ref

    def resolve(self, reply: ReplyFrame) -> bool:
        """Settle the request that this reply answers; False when there is none (it timed out, or had no `ref`)."""
        pending = self._pending.get(reply.ref) if isinstance(reply.ref, int) else None
        if pending is None or not isinstance(reply.ref, int):
            return False
        if reply.error is not None:
            self._settle(reply.ref, remote_error(reply.error))
            return True
        try:
            ok = decode_reply(pending.answer, bytes(reply.ok) if isinstance(reply.ok, Raw) else b"{}")
        except msgspec.MsgspecError:
            self._settle(reply.ref, BadAnswer())
        except BadAnswer as error:
            self._settle(reply.ref, error)
        else:
            self._settle(reply.ref, ok)
        return True

    async def answered(self) -> None:
        """Return when nothing waits for a reply."""
        await self._idle.wait()

    def refuse(self, ref: int, error: HubbubError) -> None:
        """Settle one with this error, without asking the server."""
        self._settle(ref, error)

    def abandon(self, error: HubbubError) -> None:
        """Settle all with this error."""
        for ref in tuple(self._pending):
            self._settle(ref, error)

    def _settle(self, ref: int, outcome: object) -> None:
        pending = self._pending.pop(ref, None)
        if pending is not None:
            if not self._pending:
                self._idle.set()
            pending.timer.cancel()
            pending.settle(outcome)
