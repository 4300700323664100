"""Engine.IO's long-polling requests as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any, Final

from hubbub.auth.origins import cors_headers, may_read, preflight_headers
from hubbub.errors import CloseCode, RateLimited
from hubbub.realtime.core.connection import Handshake
from hubbub.wire import engineio
from hubbub.wire.engineio import PacketError, Refusal

from .context import TransportContext
from .engineio import EngineApplication, EngineSession, session_cookie
from .engineio_polling import PollingTransport
from .http_body import ClientGone, hangup, headers_of, read_body

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

logger = logging.getLogger(__name__)

_TEXT: Final = (b"content-type", b"text/plain; charset=UTF-8")
_JSON: Final = (b"content-type", b"application/json")
_UPGRADES: Final = ("websocket",)
_CLOSING: Final = b'{"code":3,"message":"Server is going down"}'


class PollingApp:
    """GET opens a session or polls, POST brings packets (Engine.IO v4, "HTTP long-polling")."""

    def __init__(self, context: TransportContext, application: EngineApplication) -> None:
        self._context = context
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        method: str = scope["method"]
        headers = headers_of(scope)
        allowed = self._context.settings.allowed_origins
        cors = cors_headers(headers, allowed)
        if method == "OPTIONS":
            await _respond(send, 204, b"", [*cors, *preflight_headers(headers, b"GET, POST, OPTIONS")])
            return
        if "cookie" in headers and not may_read(headers, allowed, secure=scope["scheme"] == "https"):
            self._note(scope, Refusal.FORBIDDEN)
            await _refuse(send, Refusal.FORBIDDEN, cors)
            return
        query_string: str = scope["query_string"].decode("latin-1")
        query = engineio.parse_query(query_string)
        session = self._context.sessions.get(query.get("sid", ""))
        refused = engineio.verify(
            method, query, websocket=False, transport=None if session is None else session.transport
        )
        try:
            if refused is Refusal.UNKNOWN_SID and method == "GET" and (words := self._last_words(query)) is not None:
                await _respond(send, 200, words, [_TEXT, *cors])
            elif refused is not None:
                self._note(scope, refused)
                await _refuse(send, refused, cors)
            elif session is None:
                await self._open(scope, headers, query_string, send, cors)
            elif session.polling is None:
                await _refuse(send, Refusal.BAD_REQUEST, cors)
            elif method == "GET":
                await self._poll(session, session.polling, receive, send, cors)
            else:
                await self._post(session, session.polling, headers, receive, send, cors)
        except ClientGone:
            pass

    def _note(self, scope: Scope, refusal: Refusal) -> None:
        client = scope.get("client")
        peer = client[0] if client else ""
        self._context.throttled_log.info(logger, "refused", "refused a request of %s: %s", peer, refusal.message)

    def _last_words(self, query: dict[str, str]) -> bytes | None:
        """Why a session has ended, for a client that was not polling then; None: there is nothing to say."""
        return self._context.ended_sessions.take(query.get("sid", ""))

    async def _open(self, scope: Scope, headers: dict[str, str], query: str, send: Send, cors: Headers) -> None:
        if self._context.closing:
            await _respond(send, 503, _CLOSING, [_JSON, *cors])
            return
        client = scope.get("client")
        peer = str(client[0]) if client else ""
        handshake = Handshake(scope["path"], query, headers, peer, scope.get("scheme") == "https")
        try:
            session = EngineSession(self._context, self._application, self._context.new_key(), handshake)
        except RateLimited as limited:
            after = (b"retry-after", b"%d" % math.ceil(limited.retry_after_seconds or 1))
            await _respond(send, 429, b'{"code":3,"message":"Too many sessions"}', [_JSON, after, *cors])
            return
        session.polling = PollingTransport(session, peer)
        self._application.opened(session)
        given = session_cookie(self._context.settings, session.sid, secure=handshake.secure)
        cookies = [(name.lower().encode(), value.encode("latin-1")) for name, value in given]
        await _respond(send, 200, session.opening(upgrades=_UPGRADES), [_TEXT, *cookies, *cors])

    async def _poll(
        self, session: EngineSession, polling: PollingTransport, receive: Receive, send: Send, cors: Headers
    ) -> None:
        polling.silent = 0
        if polling.waiting:  # the specification: a second GET at the same time ends the session
            session.close("transport error")
            await _refuse(send, Refusal.BAD_REQUEST, cors)
            return
        body = polling.ready()
        if body is None:
            poll = asyncio.ensure_future(polling.poll())
            gone = asyncio.ensure_future(hangup(receive))
            try:
                await asyncio.wait((poll, gone), return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
                if not poll.done():
                    poll.cancel()
            if poll.cancelled() or not poll.done():  # what it would have carried can't be known to have arrived
                session.close("transport error")
                raise ClientGone
            body = poll.result()
        if body == engineio.CLOSE and self._context.closing:
            await _respond(send, 503, _CLOSING, [_JSON, *cors])  # some clients never come back after CLOSE
            return
        await _respond(send, 200, body, [_TEXT, *cors])
        polling.answered()

    async def _post(
        self,
        session: EngineSession,
        polling: PollingTransport,
        headers: dict[str, str],
        receive: Receive,
        send: Send,
        cors: Headers,
    ) -> None:
        polling.silent = 0
        if polling.posting:
            session.close("transport error")
            await _refuse(send, Refusal.BAD_REQUEST, cors)
            return
        polling.posting = True
        try:
            await polling.flow.ready()
            body = await read_body(headers, receive, self._context.settings.message_bytes)
            if not session.open:
                await _refuse(send, Refusal.UNKNOWN_SID, cors)
                return
            if body is None:
                session.fail(PacketError("message too big"), CloseCode.TOO_BIG)
                await polling.told()
                await _respond(send, 413, b'{"code":3,"message":"Payload too large"}', [_JSON, *cors])
                return
            try:
                sound = await polling.flow.deliver(_receive(session, engineio.decode_payload(body)))
            except PacketError as broken:
                session.fail(broken)
                await polling.told()
                await _refuse(send, Refusal.BAD_REQUEST, cors)
                return
            if not sound:
                session.close("rate limited", CloseCode.RATE_LIMITED, "too much at once")
        finally:
            polling.posting = False
        await _respond(send, 200, b"ok", [(b"content-type", b"text/html"), *cors])


def _receive(session: EngineSession, packets: Iterator[engineio.Packet]) -> Iterator[int]:
    """Each packet in its turn, and its units of work. Raises PacketError."""
    for packet in packets:
        if session.open:
            session.receive(packet)
        yield 1 + (len(packet.data) >> 10)


async def _refuse(send: Send, refusal: Refusal, cors: Headers) -> None:
    await _respond(send, refusal.status, refusal.body, [_JSON, *cors])


async def _respond(send: Send, status: int, body: bytes, headers: Headers) -> None:
    length = (b"content-length", b"%d" % len(body))
    no_store = (b"cache-control", b"no-store")
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length, no_store]})
    await send({"type": "http.response.body", "body": body})
