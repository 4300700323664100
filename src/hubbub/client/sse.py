"""Server-Sent Events down, POST up."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from typing import Final, Self

import msgspec
from msgspec import Struct

from .failures import BadAnswer, ConnectionLost
from .http import Answer, BadHttp, Http
from .over_http import HttpTransport
from .transport import MESSAGE_BYTES, Obstacle, Place, Refused, TransportName


class EventParser:
    """The `data` of the events in a `text/event-stream` (HTML Living Standard section 9.2.6).

    Takes LF and CRLF as the ends of lines, as servers send them; everything but `data` is left aside.
    """

    def __init__(self, limit_bytes: int = MESSAGE_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._rest: list[bytes] = []
        self._size = 0
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that are complete now. Raises BadHttp when one is longer than is reasonable."""
        head, newline, tail = chunk.rpartition(b"\n")
        if not newline:
            self._keep(tail)
            return []
        lines = b"".join((*self._rest, head)).split(b"\n")
        self._rest = []
        events = []
        for line in lines:
            event = self._line(line.removesuffix(b"\r"))
            if event is not None:
                events.append(event)
        self._size = sum(map(len, self._data))
        self._keep(tail)
        return events

    def _keep(self, tail: bytes) -> None:
        self._rest.append(tail)
        self._size += len(tail)
        if self._size > self._limit_bytes:
            raise BadHttp("an event is too long")

    def _line(self, line: bytes) -> bytes | None:
        if line:
            field, _, value = line.partition(b":")
            if field == b"data":
                self._data.append(value.removeprefix(b" "))
            return None
        data, self._data = self._data, []
        return b"\n".join(data) or None


class _Opened(Struct, tag_field="type", tag="opened"):
    key: str


class SseTransport(HttpTransport):
    """One response that never ends."""

    name = TransportName.SSE
    path = "/sse"

    def __init__(self, http: Http) -> None:
        super().__init__(http)
        self._events = EventParser()
        self._ready: deque[bytes] = deque()
        self._stream: Answer | None = None

    @classmethod
    async def open(cls, place: Place, token: str, *, patience_seconds: float) -> Self:
        """Open the stream, sign in by a bearer header, and wait for the first frame. Raises Refused."""
        transport = cls(Http(place.http, tls=place.tls))
        await transport._open(place, token, patience_seconds)
        return transport

    async def _begin(self, place: Place, token: str) -> bytes:
        self._stream = await self._ask(self.path + place.query, token)
        if not self._stream.headers.get("content-type", "").startswith("text/event-stream"):
            raise Refused(_no_stream(), obstacle=Obstacle.REFUSED)
        try:
            self.key = msgspec.json.decode(await self._next(self._stream), type=_Opened).key
        except msgspec.MsgspecError as failure:
            raise Refused(_no_stream(), obstacle=Obstacle.REFUSED) from failure
        return await self._next(self._stream)

    async def _next(self, stream: Answer) -> bytes:
        while not self._ready:
            self._ready.extend(await self._more(stream))
        return self._ready.popleft()

    async def _more(self, stream: Answer) -> list[bytes]:
        """The events of the next chunk, which may be none: a comment is a sign of life."""
        chunk = await stream.chunk()
        if not chunk:
            raise ConnectionResetError("the stream has ended")
        return self._events.feed(chunk)

    async def _frames(self) -> AsyncIterator[list[bytes]]:
        if self._stream is None:
            raise BadAnswer
        yield list(self._ready)
        self._ready.clear()
        while True:
            yield await self._in_time(self._more(self._stream))


_STREAM_EXPECTED: Final = "What answers is no event stream."


def _no_stream() -> ConnectionLost:
    return ConnectionLost(_STREAM_EXPECTED)
