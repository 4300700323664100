"""The two cookies of a browser: the session's, and the one that says who has signed in on this browser before."""

from __future__ import annotations

from typing import Final

COOKIE: Final = "hubbub_session"

DEVICE_COOKIE: Final = "hubbub_device"
"""Says that its user has signed in on this browser before; it opens nothing, and stays when the session ends."""

_DEVICE_SECONDS: Final = 400 * 24 * 3600
"""The longest time that browsers keep one (RFC 6265bis section 5.5)."""


def cookie_token(header: str, *, secure: bool) -> str:
    """The session's token in a Cookie header; empty as for `only_cookie`."""
    return only_cookie(header, _session_name(secure=secure))


def only_cookie(header: str, name: str) -> str:
    """A cookie's value; empty when there is none of this name, or more than one: then it can't be said whose it is."""
    pairs = (pair.strip(" \t").partition("=") for pair in header.split(";"))
    found = [value.strip('"') for given, _, value in pairs if given == name]
    return found[0] if len(found) == 1 else ""


def session_cookie(token: str, max_age_seconds: int, *, secure: bool) -> str:
    """The Set-Cookie header's value.

    Scripts can't read it (HttpOnly); other sites' requests that change something don't carry it (SameSite=Lax).
    """
    cookie = f"{_session_name(secure=secure)}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_seconds}"
    return f"{cookie}; Secure" if secure else cookie


def no_cookie(*, secure: bool) -> str:
    """The Set-Cookie header's value that makes a browser forget it."""
    return session_cookie("", 0, secure=secure)


def device_cookie(token: str, *, secure: bool) -> str:
    """The Set-Cookie header's value. Only requests of our own pages to the API carry it."""
    cookie = f"{DEVICE_COOKIE}={token}; Path=/api/v1; HttpOnly; SameSite=Strict; Max-Age={_DEVICE_SECONDS}"
    return f"{cookie}; Secure" if secure else cookie


def _session_name(*, secure: bool) -> str:
    """Over HTTPS its name keeps every other host and path from setting it (RFC 6265bis)."""
    return f"__Host-{COOKIE}" if secure else COOKIE
