"""Which token says who is asking: one rule for HTTP requests and the handshakes of every wire.

A token that the client gives itself comes first: Socket.IO's `auth` payload, or the header `Authorization: Bearer …`.
Other schemes are a proxy's and say nothing here. Else it is the browser's session cookie, which is taken only from
pages that may use it (`origins.py`): a browser adds it to whatever any page asks for.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from msgspec import Struct

from hubbub.errors import Forbidden

from .cookies import cookie_token
from .origins import SAFE_METHODS, lost_scheme, may_read, may_write

logger = logging.getLogger(__name__)


class Credentials(Struct, frozen=True):
    """A token, not yet proven. `ambient`: a cookie, which the browser adds without the page's doing."""

    token: str
    ambient: bool

    def __repr__(self) -> str:
        return f"Credentials(token='…', ambient={self.ambient})"


class OpeningHandshake(Protocol):
    """What opened a connection.

    Attributes:
        headers: names in lower case.
        secure: whether the client came by TLS.
        auth: the payload of a Socket.IO CONNECT packet; None on other wires.
    """

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def secure(self) -> bool: ...

    @property
    def auth(self) -> Any: ...


def credentials_of_handshake(handshake: OpeningHandshake, allowed_origins: Collection[str]) -> Credentials | None:
    """The token that a connection brings, None when it brings none that counts.

    Were the cookie of a foreign page to count, any page on the web could open a socket as whoever is looking at it
    (RFC 6455 section 10.2).
    """
    headers = handshake.headers
    token = _payload_token(handshake.auth) or _bearer_token(headers)
    if token:
        return Credentials(token, ambient=False)
    token = cookie_token(headers.get("cookie", ""), secure=handshake.secure)
    if token and may_read(headers, allowed_origins, secure=handshake.secure):
        return Credentials(token, ambient=True)
    return None


def credentials_of_request(
    method: str, headers: Mapping[str, str], allowed_origins: Collection[str], *, secure: bool
) -> Credentials | None:
    """The token that an HTTP request brings, None when it brings none.

    A page of another origin may ask for what changes nothing: it can't read the answer (`cors_headers`).

    Raises:
        Forbidden: a cookie on a request that changes something, from a page that may not use it.
    """
    token = _bearer_token(headers)
    if token:
        return Credentials(token, ambient=False)
    token = cookie_token(headers.get("cookie", ""), secure=secure)
    if not token:
        return None
    if method not in SAFE_METHODS and not may_write(headers, allowed_origins, secure=secure):
        if lost_scheme(headers, secure=secure):
            # once in a process's life would do; a page tries again when somebody presses a button
            logger.warning("a page's https arrives as http: does a trusted proxy say X-Forwarded-Proto?")
        raise Forbidden("This request came from a page of another site.")
    return Credentials(token, ambient=True)


def _payload_token(auth: Any) -> str:
    token = auth.get("token") if isinstance(auth, dict) else None
    return token if isinstance(token, str) else ""


def _bearer_token(headers: Mapping[str, str]) -> str:
    scheme, _, token = headers.get("authorization", "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
