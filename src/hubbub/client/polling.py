"""Long-polling down, POST up: no response is open for longer than there is nothing to say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final, Self

import msgspec
from msgspec import Raw, Struct

from .failures import BadAnswer, ConnectionLost
from .http import Http
from .over_http import HttpTransport
from .transport import MESSAGE_BYTES, Obstacle, Place, Refused, TransportName

_PAUSE_SECONDS: Final = 1.0
"""The least time from one empty answer to the next question: something between us and the server may not wait."""

_KEY_BYTES: Final = 4096

_array: Final = msgspec.json.Decoder(list[Raw]).decode


class _Opened(Struct):
    key: str


class PollingTransport(HttpTransport):
    """One request after another."""

    name = TransportName.POLLING
    path = "/poll"

    @classmethod
    async def open(cls, place: Place, token: str, *, patience_seconds: float) -> Self:
        """Open a connection, sign in by a bearer header, and wait for the first frame. Raises Refused."""
        transport = cls(Http(place.http, tls=place.tls))
        await transport._open(place, token, patience_seconds)
        return transport

    def __init__(self, http: Http) -> None:
        super().__init__(http)
        self._more: list[bytes] = []

    async def _begin(self, place: Place, token: str) -> bytes:
        with await self._ask(self.path + place.query, token) as answer:
            body = await answer.read(_KEY_BYTES)
        try:
            self.key = msgspec.json.decode(body, type=_Opened).key
            while not self._more:
                self._more = await self._poll()
        except (msgspec.MsgspecError, BadAnswer) as failure:
            error = ConnectionLost("What answers is no Hubbub server.")
            raise Refused(error, obstacle=Obstacle.REFUSED) from failure
        return self._more.pop(0)

    async def _frames(self) -> AsyncIterator[list[bytes]]:
        yield self._more
        clock = asyncio.get_running_loop().time
        while True:
            asked = clock()
            frames = await self._in_time(self._poll())
            yield frames
            if not frames:
                await asyncio.sleep(_PAUSE_SECONDS - (clock() - asked))

    async def _poll(self) -> list[bytes]:
        """What has come, possibly nothing. Raises Refused, BadAnswer, and what is `BROKEN`."""
        with await self._ask(self._address) as answer:
            body = await answer.read(MESSAGE_BYTES)
        try:
            return [bytes(one) for one in _array(body)]
        except msgspec.MsgspecError as failure:
            raise BadAnswer from failure
