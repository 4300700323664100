"""One WebSocket to the server: from the opening handshake to its close code."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidProxy, InvalidStatus, InvalidURI

from hubbub.errors import HubbubError, Unauthenticated
from hubbub.wire import SUBPROTOCOL

from .failures import ConnectionLost, Rejected, come_back

_PATH: Final = "/ws"
_MESSAGE_BYTES: Final = 32 * 2**20  # a page of 200 messages of 16 KB, every character escaped, is 20 MB
_ABNORMAL: Final = 1006
_TRY_LATER: Final = frozenset({408, 425, 429})


class Ending(Struct, frozen=True):
    """How a connection, or the attempt to make one, ended. `again`: the client should come back by itself."""

    error: HubbubError
    again: bool


class Refused(Exception):
    """No connection was made."""

    def __init__(self, ending: Ending) -> None:
        self.ending = ending
        super().__init__(ending.error.message)


def socket_url(url: str) -> str:
    """The WebSocket's address for a server's: `http://host` and `ws://host/ws` name the same.

    Raises:
        ValueError: it is no http, https, ws or wss URL.
    """
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError(f"not a server's URL: {url!r} (expected http://HOST or https://HOST)")
    path = parts.path.rstrip("/")
    return urlunsplit((scheme, parts.netloc, path if path.endswith(_PATH) else path + _PATH, parts.query, ""))


class Connection:
    """An open WebSocket. `run` it until it ends; `post` never waits."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue()

    @classmethod
    async def open(cls, url: str, token: str, *, open_seconds: float, keepalive_seconds: float) -> Connection:
        """Connect and sign in by a bearer header; `welcome` is the first frame.

        Args:
            url: as `socket_url` gives it.
            keepalive_seconds: between pings, and how long their answers may take.

        Raises:
            Refused: whatever went wrong.
        """
        try:
            socket = await connect(
                url,
                subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]  # a NewType of str
                additional_headers={"Authorization": f"Bearer {token}"},
                compression=None,
                open_timeout=open_seconds,
                ping_interval=keepalive_seconds,
                ping_timeout=keepalive_seconds,
                close_timeout=3,
                max_size=_MESSAGE_BYTES,
                process_exception=lambda failure: failure,
            )
        except InvalidStatus as failure:
            raise Refused(_http_ending(failure.response.status_code)) from failure
        except (InvalidURI, InvalidProxy) as failure:
            raise Refused(Ending(Rejected(str(failure)), again=False)) from failure
        except (OSError, TimeoutError, InvalidHandshake, EOFError) as failure:
            raise Refused(Ending(ConnectionLost(_reason(failure)), again=True)) from failure
        return cls(socket)

    def post(self, frame: bytes) -> None:
        """Send a text frame after those posted before. What is posted to an ended connection is lost."""
        self._outgoing.put_nowait(frame)

    async def run(self, receive: Callable[[bytes], None]) -> Ending:
        """Hand each frame to `receive`, in order, until the connection ends."""
        writer = asyncio.create_task(self._write())
        try:
            while True:
                receive(await self._socket.recv(decode=False))
        except ConnectionClosed:
            return self._ending()
        finally:
            writer.cancel()
            with suppress(asyncio.CancelledError):
                await writer

    async def close(self) -> None:
        """Write out what was posted, then the closing handshake."""
        with suppress(ConnectionClosed):
            while not self._outgoing.empty():
                await self._socket.send(self._outgoing.get_nowait(), text=True)
        await self._socket.close()

    async def _write(self) -> None:
        with suppress(ConnectionClosed):  # the reader tells why
            while True:
                await self._socket.send(await self._outgoing.get(), text=True)

    def _ending(self) -> Ending:
        code = self._socket.close_code or _ABNORMAL
        reason = self._socket.close_reason or ""
        error = ConnectionLost(f"The connection was closed ({code}{f': {reason}' if reason else ''}).")
        return Ending(error, again=come_back(code))


def _http_ending(status: int) -> Ending:
    if status in {401, 403}:
        return Ending(Unauthenticated(f"The server refused the connection (HTTP {status})."), again=False)
    again = status >= 500 or status in _TRY_LATER
    return Ending(Rejected(f"The server refused the WebSocket (HTTP {status})."), again=again)


def _reason(failure: Exception) -> str:
    if isinstance(failure, TimeoutError):
        return "The server did not answer in time."
    if isinstance(failure, ConnectionRefusedError):
        return "Nothing listens at the server's address."
    if isinstance(failure, OSError):
        return f"The server can't be reached: {failure.strerror or failure}."
    return f"The server did not answer as a WebSocket server: {failure}."
