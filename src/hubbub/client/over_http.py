"""What Server-Sent Events and long-polling have in common: commands go up by POST (docs/protocol.md)."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from .failures import BadAnswer, ConnectionLost
from .http import Answer, BadHttp, Http
from .transport import ABNORMAL, Ending, Obstacle, Place, Refused, TransportName, closed, refused, unreachable
from .wires import JSON

T = TypeVar("T")

BROKEN: Final = (OSError, BadHttp)
"""What a request may raise; TimeoutError is an OSError."""

_POST_SECONDS: Final = 15.0
_GOODBYE_SECONDS: Final = 3.0
_BODY_BYTES: Final = 65536
_SILENCE_SECONDS: Final = 60.0
_UNKNOWN: Final = 404
_TOO_BIG: Final = 413
_TOO_MANY: Final = 429


class _Closing(Struct, tag_field="type", tag="closing"):
    """The close frame of these transports."""

    code: int = ABNORMAL
    reason: str = ""


_closing: Final = msgspec.json.Decoder(_Closing).decode


class HttpTransport:
    """An open connection without a WebSocket.

    Commands go one request at a time, so that they take effect in order; what is posted meanwhile goes together with
    the next. A request that failed is not repeated: whether it arrived can't be known, so the connection ends, and
    cursors and nonces bring everything into line on the next one.

    Attributes:
        key: the secret in this connection's addresses.
    """

    name: TransportName
    path: str
    """Of the opening request: "/sse" or "/poll"."""

    def __init__(self, http: Http) -> None:
        self.wire = JSON
        self.first: bytes | None = None
        self.key = ""
        self._http = http
        self._outgoing: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._posting: asyncio.Task[Ending | None] | None = None
        self._ended = False
        self._body_bytes = _BODY_BYTES
        self._silence_seconds = _SILENCE_SECONDS

    # for subclasses

    @abstractmethod
    async def _begin(self, place: Place, token: str) -> bytes:
        """Open the connection and set `key`. Returns the first frame. Raises Refused, and what is `BROKEN`."""

    @abstractmethod
    def _frames(self) -> AsyncIterator[list[bytes]]:
        """What comes after the first frame, until the response or the server's patience ends."""

    async def _open(self, place: Place, token: str, patience_seconds: float) -> None:
        try:
            async with asyncio.timeout(patience_seconds):
                self.first = await self._begin(place, token)
        except BROKEN as failure:
            self._http.close()
            raise Refused(unreachable(failure), obstacle=self._obstacle(failure)) from failure
        except BaseException:
            self._http.close()
            raise

    def _obstacle(self, failure: Exception) -> Obstacle | None:
        if not self._http.reached:
            return None
        return Obstacle.SILENT if isinstance(failure, TimeoutError) else Obstacle.REFUSED

    async def _ask(self, path: str, token: str | None = None) -> Answer:
        """A GET that is to be answered with 200. Raises Refused."""
        answer = await self._http.request("GET", path, {} if token is None else {"Authorization": f"Bearer {token}"})
        if answer.status != 200:
            answer.close()
            failure = refused(answer.status, "the connection")
            if answer.status >= 500 or answer.status == _TOO_MANY:  # the server is not there, by whatever transport
                raise Refused(failure.ending.error)
            raise failure
        return answer

    async def _in_time(self, arrival: Awaitable[T]) -> T:
        """What comes within the time in which a sign of life has to come. Raises TimeoutError."""
        async with asyncio.timeout(self._silence_seconds):
            return await arrival

    # Transport

    def post(self, frame: bytes) -> None:
        if not self._ended:
            self._outgoing.append(frame)
            self._wake.set()

    def expect(self, heartbeat_seconds: float, frame_bytes: int) -> None:
        self._silence_seconds = 2 * heartbeat_seconds
        self._body_bytes = frame_bytes

    def sockets(self) -> list[asyncio.BaseTransport]:
        return self._http.sockets()

    async def run(self, receive: Callable[[bytes], None]) -> Ending:
        down, up = asyncio.create_task(self._read(receive)), asyncio.create_task(self._write())
        try:
            await asyncio.wait((down, up), return_when=asyncio.FIRST_COMPLETED)
            ending = (down if down.done() else up).result()
        finally:
            down.cancel()
            up.cancel()
            await asyncio.gather(down, up, return_exceptions=True)
        self._ended = True
        self._outgoing.clear()
        await self.close()
        return ending

    async def close(self) -> None:
        try:
            with suppress(*BROKEN):
                async with asyncio.timeout(_GOODBYE_SECONDS):
                    await self._goodbye()
        finally:
            if self._posting is not None:
                self._posting.cancel()
            self._http.close()

    async def _goodbye(self) -> None:
        if self._ended:
            return
        if self._posting is not None:
            await self._posting
        while self._outgoing and await self._post(self._batch()) is None:
            pass
        self._ended = True
        (await self._http.request("DELETE", self._address)).close()

    # inside

    @property
    def _address(self) -> str:
        return f"{self.path}/{self.key}"

    async def _read(self, receive: Callable[[bytes], None]) -> Ending:
        first, self.first = self.first, None
        try:
            if first is not None and (ending := self._hear([first], receive)) is not None:
                return ending
            async for frames in self._frames():
                if (ending := self._hear(frames, receive)) is not None:
                    return ending
        except Refused as failure:
            return Ending(ConnectionLost(failure.ending.error.message), again=True)
        except BROKEN as failure:
            obstacle = Obstacle.SILENT if isinstance(failure, TimeoutError) else None
            return Ending(unreachable(failure), again=True, obstacle=obstacle)
        except BadAnswer as failure:
            return Ending(failure, again=True)
        return closed(ABNORMAL, "")

    @staticmethod
    def _hear(frames: list[bytes], receive: Callable[[bytes], None]) -> Ending | None:
        for frame in frames:
            if b'"closing"' in frame[:32]:
                with suppress(msgspec.MsgspecError):
                    said = _closing(frame)
                    return closed(said.code, said.reason)
            receive(frame)
        return None

    async def _write(self) -> Ending:
        while True:
            if not self._outgoing:
                self._wake.clear()
                await self._wake.wait()
            self._posting = asyncio.create_task(self._post(self._batch()))
            ending = await asyncio.shield(self._posting)  # `close` lets it arrive
            if ending is not None:
                return ending

    async def _post(self, body: bytes) -> Ending | None:
        headers = {"Content-Type": "application/x-ndjson"}
        try:
            async with asyncio.timeout(_POST_SECONDS):
                with await self._http.request("POST", self._address, headers, body) as answer:
                    await answer.read(_BODY_BYTES)
        except BROKEN as failure:
            return Ending(unreachable(failure), again=True)
        if 200 <= answer.status < 300:
            return None
        if answer.status == _TOO_BIG:
            return closed(1009, "too big")
        reason = "the connection has ended" if answer.status == _UNKNOWN else f"HTTP {answer.status}"
        return Ending(ConnectionLost(f"The server did not take the commands: {reason}."), again=True)

    def _batch(self) -> bytes:
        """As many commands, one a line, as the server takes at once; at least one."""
        lines = [self._outgoing.popleft()]
        size = len(lines[0])
        while self._outgoing and size + 1 + len(self._outgoing[0]) <= self._body_bytes:
            lines.append(self._outgoing.popleft())
            size += 1 + len(lines[-1])
        return b"\n".join(lines)
