"""Which token does a handshake carry?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct

from .origins import may_read

COOKIE = "hubbub_session"


class Asking(Protocol):
    """What a handshake or a request says of who is asking.

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


class Credentials(Struct, frozen=True):
    """A token, not yet proven. `ambient`: a cookie, which the browser adds without the page's doing."""

    token: str
    ambient: bool

    def __repr__(self) -> str:
        return f"Credentials(token='…', ambient={self.ambient})"


def find_credentials(handshake: Asking, allowed_origins: tuple[str, ...]) -> Credentials | None:
    """The Socket.IO `auth` payload's token, else a bearer header, else the cookie if its page may use it."""
    token = _auth_token(handshake.auth) or _bearer(handshake.headers.get("authorization", ""))
    if token:
        return Credentials(token, ambient=False)
    token = cookie_token(handshake.headers.get("cookie", ""), secure=handshake.secure)
    # else any page on the web could open a socket as whoever is looking at it (RFC 6455 section 10.2)
    if token and may_read(handshake.headers, allowed_origins, secure=handshake.secure):
        return Credentials(token, ambient=True)
    return None


def cookie_name(*, secure: bool) -> str:
    """What the cookie is called. Over HTTPS its name keeps every other host and path from setting it (RFC 6265bis)."""
    return f"__Host-{COOKIE}" if secure else COOKIE


def cookie_token(header: str, *, secure: bool) -> str:
    """The session's token in a Cookie header; empty as for `only_cookie`."""
    return only_cookie(header, cookie_name(secure=secure))


def only_cookie(header: str, name: str) -> str:
    """A cookie's value; empty when there is none of this name, or more than one: then it can't be said whose it is."""
    pairs = (pair.strip(" \t").partition("=") for pair in header.split(";"))
    found = [value.strip('"') for given, _, value in pairs if given == name]
    return found[0] if len(found) == 1 else ""


def _auth_token(auth: Any) -> str:
    token = auth.get("token") if isinstance(auth, dict) else None
    return token if isinstance(token, str) else ""


def _bearer(header: str) -> str:
    scheme, _, token = header.strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
