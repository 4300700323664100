"""Engine.IO's long-polling requests as an ASGI application."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from hubbub.wire import engineio
from hubbub.wire.engineio import PacketError, Refusal

from .connection import Handshake
from .context import Context
from .engine import EngineApplication, EngineSession
from .polling import PollTransport

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_TEXT: Final = (b"content-type", b"text/plain; charset=UTF-8")
_JSON: Final = (b"content-type", b"application/json")
_UPGRADES: Final = ("websocket",)


class _Gone(Exception):  # noqa: N818
    """The client hung up in the middle of its request."""


class PollingApp:
    """GET opens a session or polls, POST brings packets (Engine.IO v4, "HTTP long-polling")."""

    def __init__(self, context: Context, application: EngineApplication) -> None:
        self._context = context
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method: str = scope["method"]
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        cors = self._cors(headers)
        if method == "OPTIONS":
            await _respond(send, 204, b"", [*cors, *_preflight(headers)])
            return
        query_string: str = scope["query_string"].decode("latin-1")
        query = engineio.parse_query(query_string)
        session = self._context.sessions.get(query.get("sid", ""))
        refused = engineio.verify(
            method, query, websocket=False, transport=None if session is None else session.transport
        )
        if refused is None and "j" in query:
            refused = Refusal.BAD_REQUEST  # JSONP: for browsers without XMLHttpRequest; no client of today needs it
        try:
            if refused is not None:
                await _refuse(send, refused, cors)
            elif session is None:
                await self._open(scope, headers, query_string, send, cors)
            elif session.polling is None:
                await _refuse(send, Refusal.BAD_REQUEST, cors)
            elif method == "GET":
                await self._poll(session, session.polling, receive, send, cors)
            else:
                await self._post(session, session.polling, headers, receive, send, cors)
        except _Gone:
            pass

    async def _open(self, scope: Scope, headers: dict[str, str], query: str, send: Send, cors: Headers) -> None:
        if self._context.closing:
            await _respond(send, 503, b'{"code":3,"message":"Server is going down"}', [_JSON, *cors])
            return
        client = scope.get("client")
        peer = str(client[0]) if client else ""
        handshake = Handshake(scope["path"], query, headers, peer, scope.get("scheme") == "https")
        session = EngineSession(self._context, self._application, secrets.token_urlsafe(15), handshake)
        session.polling = PollTransport(session, peer)
        self._application.opened(session)
        await _respond(send, 200, session.opening(upgrades=_UPGRADES), [_TEXT, *cors])

    async def _poll(
        self, session: EngineSession, polling: PollTransport, receive: Receive, send: Send, cors: Headers
    ) -> None:
        polling.silent = False
        if polling.waiting:  # the specification: a second GET at the same time ends the session
            session.close("transport error")
            await _refuse(send, Refusal.BAD_REQUEST, cors)
            return
        body = polling.ready()
        if body is None:
            poll = asyncio.ensure_future(polling.poll())
            hangup = asyncio.ensure_future(_hangup(receive))
            try:
                await asyncio.wait((poll, hangup), return_when=asyncio.FIRST_COMPLETED)
            finally:
                hangup.cancel()
                if not poll.done():
                    poll.cancel()
            if poll.cancelled() or not poll.done():
                raise _Gone
            body = poll.result()
        await _respond(send, 200, body, [_TEXT, *cors])

    async def _post(
        self,
        session: EngineSession,
        polling: PollTransport,
        headers: dict[str, str],
        receive: Receive,
        send: Send,
        cors: Headers,
    ) -> None:
        polling.silent = False
        if polling.posting:
            session.close("transport error")
            await _refuse(send, Refusal.BAD_REQUEST, cors)
            return
        polling.posting = True
        try:
            body = await self._read(headers, receive)
        finally:
            polling.posting = False
        if body is None:
            session.close("parse error")
            await _respond(send, 413, b'{"code":3,"message":"Payload too large"}', [_JSON, *cors])
            return
        try:
            packets = engineio.decode_payload(body)
        except PacketError:
            session.close("parse error")
            await _refuse(send, Refusal.BAD_REQUEST, cors)
            return
        for packet in packets:
            if session.open:
                session.receive(packet)
        await _respond(send, 200, b"ok", [(b"content-type", b"text/html"), *cors])

    async def _read(self, headers: dict[str, str], receive: Receive) -> bytes | None:
        """The request's body; None when it is longer than allowed."""
        limit = self._context.settings.message_bytes
        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > limit:
            return None
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Gone
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                return None
            chunks.append(chunk)
            if not message.get("more_body"):
                return b"".join(chunks)

    def _cors(self, headers: dict[str, str]) -> Headers:
        """Headers that let another origin's page use long-polling, when the operator allowed it."""
        origin = headers.get("origin")
        allowed = self._context.settings.allowed_origins
        if origin is None or not allowed:
            return []
        if origin in allowed or "*" in allowed:
            return [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-allow-credentials", b"true"),
                (b"vary", b"Origin"),
            ]
        return [(b"vary", b"Origin")]


def _preflight(headers: dict[str, str]) -> Headers:
    asked = headers.get("access-control-request-headers", "content-type")
    return [
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", asked.encode("latin-1")),
        (b"access-control-max-age", b"600"),
    ]


async def _hangup(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, refusal: Refusal, cors: Headers) -> None:
    await _respond(send, refusal.status, refusal.body, [_JSON, *cors])


async def _respond(send: Send, status: int, body: bytes, headers: Headers) -> None:
    length = (b"content-length", b"%d" % len(body))
    no_store = (b"cache-control", b"no-store")
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length, no_store]})
    await send({"type": "http.response.body", "body": body})
