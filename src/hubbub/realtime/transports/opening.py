"""A WebSocket's opening handshake (RFC 6455 section 4), from the request to the transport that answers it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hubbub.realtime.core.connection import Handshake
from hubbub.realtime.core.proxies import Client
from hubbub.wire.deflate import Deflate, negotiate
from hubbub.wire.engineio import encode_base64
from hubbub.wire.upgrade import Request, accept
from hubbub.wire.websocket import BINARY, TEXT, Framer, framer

from .context import TransportContext
from .websocket import WebSocketTransport


class Opening:
    """A handshake that has not been answered yet.

    Attributes:
        request: what the client sent.
        client: who it is.
        path: percent-decoded, without the query.
        query: the raw query string.
    """

    __slots__ = ("_context", "_transport", "client", "path", "query", "request")

    def __init__(
        self,
        context: TransportContext,
        transport: asyncio.Transport,
        client: Client,
        request: Request,
        path: str,
        query: str,
    ) -> None:
        self._context = context
        self._transport = transport
        self.client = client
        self.request = request
        self.path = path
        self.query = query

    @property
    def handshake(self) -> Handshake:
        """What the client said when it connected."""
        client = self.client
        return Handshake(self.path, self.query, self.request.headers, client.peer, client.secure)

    def agree(
        self,
        subprotocols: Sequence[str] = (),
        *,
        headers: Sequence[tuple[str, str]] = (),
        base64: bool = False,
    ) -> Agreement:
        """Settle what both sides speak. Nothing is sent yet.

        Args:
            subprotocols: those that are spoken here; the client's first known one is chosen.
            headers: further ones for the answer.
            base64: binary messages travel as text, for a client that can't take them otherwise.

        Raises:
            Refusal: the request asks for no WebSocket that can be opened.
        """
        deflate = negotiate(self.request) if self._context.settings.compression else None
        extensions = None if deflate is None else deflate.response
        response, chosen = accept(self.request, subprotocols, extensions=extensions, headers=headers)
        return Agreement(self, response, chosen, deflate, self._framer(deflate, base64=base64))

    def _framer(self, deflate: Deflate | None, *, base64: bool) -> Framer:
        """The one that all clients with the same frames share."""
        framers = self._context.framers
        found = framers.get((deflate, base64))
        if found is None:
            if base64:
                found = _base64_framer(self._framer(deflate, base64=False))
            else:
                found = framer(deflate, self._context.settings.compression_from_bytes)
            framers[deflate, base64] = found
        return found

    def answer(self, response: bytes, kind: type[WebSocketTransport], *, deflate: bool) -> WebSocketTransport:
        """Send the response and hand the connection to a transport of this kind; see `Agreement`."""
        self._transport.set_write_buffer_limits(high=self._context.settings.write_buffer_bytes)
        self._transport.write(response)
        link = kind(self._transport, self._context, deflate=deflate)
        link.forwarded = self.client.peer if self.client.forwarded else None
        self._transport.set_protocol(link)
        return link


class Agreement:
    """What was settled, and the answer that says so.

    Attributes:
        subprotocol: the chosen one; None: the client named none that is known.
        deflate: what messages are compressed by; None: they are not.
        framer: makes frames for this client.
    """

    __slots__ = ("_opening", "_response", "deflate", "framer", "subprotocol")

    def __init__(
        self, opening: Opening, response: bytes, subprotocol: str | None, deflate: Deflate | None, framer: Framer
    ) -> None:
        self._opening = opening
        self._response = response
        self.subprotocol = subprotocol
        self.deflate = deflate
        self.framer = framer

    def open(self, kind: type[WebSocketTransport] = WebSocketTransport) -> WebSocketTransport:
        """Answer. The transport's `open` comes next. Call once."""
        return self._opening.answer(self._response, kind, deflate=self.deflate is not None)


def _base64_framer(plain: Framer) -> Framer:
    """For clients that take no binary messages: theirs are text, as over long-polling."""

    def as_text(opcode: int, payload: bytes) -> bytes:
        return plain(TEXT, encode_base64(payload)) if opcode == BINARY else plain(opcode, payload)

    return as_text
