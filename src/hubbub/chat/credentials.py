"""Which token does a handshake carry?"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from hubbub.realtime import Handshake

COOKIE = "hubbub_session"
_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class Credentials(Struct, frozen=True):
    """A token, not yet proven. `ambient`: a cookie, which the browser adds without the page's doing."""

    token: str
    ambient: bool

    def __repr__(self) -> str:
        return f"Credentials(token='…', ambient={self.ambient})"


def find_credentials(handshake: Handshake, allowed_origins: tuple[str, ...]) -> Credentials | None:
    """The Socket.IO `auth` payload's token, else a bearer header, else the cookie if its page may use it."""
    token = _auth_token(handshake.auth) or _bearer(handshake.headers.get("authorization", ""))
    if token:
        return Credentials(token, ambient=False)
    token = _cookie(handshake.headers.get("cookie", ""))
    if token and origin_allowed(handshake, allowed_origins):
        return Credentials(token, ambient=True)
    return None


def origin_allowed(handshake: Handshake, allowed_origins: tuple[str, ...]) -> bool:
    """Whether a page of this origin may act with the browser's cookie (RFC 6455 section 10.2, RFC 6454).

    Yes without an Origin header (not a browser), for our own host and port, and for what the operator allowed.
    Else any page on the web could open a socket as whoever is looking at it.
    """
    origin = handshake.headers.get("origin")
    if origin is None:
        return True
    if origin.lower() in {allowed.rstrip("/").lower() for allowed in allowed_origins}:
        return True
    try:
        page = urlsplit(origin)
        page_port = page.port or _PORTS.get(page.scheme)
        own = urlsplit(f"//{handshake.headers.get('host', '')}")
        # A proxy in front may have taken the TLS away, so the page's scheme says which port a bare Host means.
        own_port = own.port or _PORTS.get(page.scheme)
    except ValueError:
        return False
    return page.hostname is not None and (page.hostname, page_port) == (own.hostname, own_port)


def _auth_token(auth: Any) -> str:
    token = auth.get("token") if isinstance(auth, dict) else None
    return token if isinstance(token, str) else ""


def _bearer(header: str) -> str:
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _cookie(header: str) -> str:
    for pair in header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return value.strip('"')
    return ""
