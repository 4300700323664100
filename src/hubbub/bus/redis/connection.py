"""One connection to a server: commands out, replies and pushes in (RESP3, which Redis 6.0 and every Valkey speak).

What is published in one tick of the event loop leaves in one write. hiredis does the parsing and the packing; nothing
here creates a task or a future per message.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final, cast

import hiredis

Push = Callable[[list[Any]], None]
_NOTHING: Final = object()
_CHECK_SECONDS: Final = 1.0


class ServerError(Exception):
    """The server refused a command. The text is the server's."""


def pack(*command: str | bytes) -> bytes:
    """A command in RESP."""
    packed: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub means a tuple of one
    return packed


class Connection(asyncio.Protocol):
    """Made by `dialing.connect`.

    Args:
        push: called with each push message, such as `[b"message", channel, data]`.
        writable: called when the buffer has room again after a publication was refused.
        buffer_bytes: what may wait to be written before publications are refused.
        silent_checks: after so many seconds without a byte, although a ping was sent each second, it is lost.

    Attributes:
        lost: the reason, once it is. Never an exception.
        unanswered: publications that the server has not acknowledged.
    """

    def __init__(self, push: Push, writable: Callable[[], None], *, buffer_bytes: int, silent_checks: int) -> None:
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[str] = self._loop.create_future()
        self._push = push
        self._writable = writable
        self._buffer_bytes = buffer_bytes
        self._silent_checks = silent_checks
        self._silent = 0
        self._check: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._reader = hiredis.Reader(notEnoughData=_NOTHING)
        self._out: list[bytes] = []
        self._out_bytes = 0
        self._full = False
        self._refused = False
        self._waiting: deque[asyncio.Future[Any] | None] = deque()

    @property
    def unanswered(self) -> int:
        return sum(one is None for one in self._waiting)

    def publish(self, packed: bytes) -> bool:
        """Write a packed PUBLISH or SPUBLISH at the end of this tick. False: the buffer is full, it is dropped."""
        self._out_bytes += len(packed)
        if self._full or self._out_bytes > self._buffer_bytes or self.lost.done():
            self._out_bytes -= len(packed)
            self._refused = True
            return False
        self._waiting.append(None)
        self._write(packed)
        return True

    def tell(self, *command: str | bytes) -> None:
        """Write a command that has pushes as its answer, such as SUBSCRIBE. It is never refused."""
        packed = pack(*command)
        self._out_bytes += len(packed)
        self._write(packed)

    async def call(self, *command: str | bytes) -> Any:
        """The reply to a command. Raises ServerError, or ConnectionError when the connection is lost before."""
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._waiting.append(answer)
        self.tell(*command)
        return await answer

    def watch(self) -> None:
        """Check from now on that the server is alive."""
        self._check = self._loop.call_later(_CHECK_SECONDS, self._ask)

    def end(self, reason: str) -> None:
        """It is of no use any more."""
        if self._transport is not None:
            self._transport.abort()
        self._lose(reason)

    async def close(self, seconds: float) -> None:
        """Write what waits, for at most so long."""
        if self._transport is not None and not self.lost.done():
            self._flush()
            self._transport.close()
            await asyncio.wait([self.lost], timeout=seconds)
        self.end("closed")

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none, but does what one does
        self._transport.set_write_buffer_limits(high=self._buffer_bytes)

    def data_received(self, data: bytes) -> None:
        self._silent = 0
        gets = self._reader.gets
        try:
            self._reader.feed(data)
            while (reply := gets()) is not _NOTHING:
                if isinstance(reply, hiredis.PushNotification):
                    self._push(reply)
                else:
                    self._answer(reply)
        except hiredis.ProtocolError:
            self.end("the server does not speak RESP")

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose(str(exc) if exc is not None else "the server closed the connection")

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._relieve()

    def _write(self, packed: bytes) -> None:
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(packed)

    def _flush(self) -> None:
        out, self._out, self._out_bytes = self._out, [], 0
        if out and self._transport is not None and not self.lost.done():
            self._transport.write(b"".join(out))
        self._relieve()

    def _relieve(self) -> None:
        if self._refused and not self._full:
            self._refused = False
            self._writable()

    def _answer(self, reply: Any) -> None:
        waiting = self._waiting.popleft() if self._waiting else None
        if isinstance(reply, Exception):
            if waiting is None:  # a publication, or a subscription of a slot that has moved
                self.end(f"the server refused a command: {reply}")
            elif not waiting.done():
                waiting.set_exception(ServerError(str(reply)))
        elif waiting is not None and not waiting.done():
            waiting.set_result(reply)

    def _ask(self) -> None:
        """Counted in checks and not by the clock: a process that stood still itself has not waited."""
        self._silent += 1
        if self._silent > self._silent_checks:
            self.end(f"the server did not answer for {self._silent_checks * _CHECK_SECONDS:g} s")
            return
        ping: asyncio.Future[Any] = self._loop.create_future()
        ping.add_done_callback(self._checked)
        self._waiting.append(ping)
        self.tell("PING")
        self.watch()

    def _checked(self, ping: asyncio.Future[Any]) -> None:
        """A subscription that is refused has no answer of its own: the refusal is taken for that of a ping."""
        if not ping.cancelled() and isinstance(refusal := ping.exception(), ServerError):
            self.end(f"the server refused a command: {refusal}")

    def _lose(self, reason: str) -> None:
        if self.lost.done():
            return
        self.lost.set_result(reason)
        if self._check is not None:
            self._check.cancel()
        for one in self._waiting:
            if one is not None and not one.done():
                one.set_exception(ConnectionError(reason))
                one.exception()  # a ping's is nobody's to fetch
