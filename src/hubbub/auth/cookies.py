"""The browser's session cookie."""

from __future__ import annotations

from typing import Final

from .credentials import COOKIE, cookie_name, cookie_token, only_cookie

__all__ = ["COOKIE", "DEVICE_COOKIE", "cookie_token", "device_cookie", "no_cookie", "only_cookie", "session_cookie"]


DEVICE_COOKIE: Final = "hubbub_device"
"""Says that its user has signed in on this browser before; it opens nothing, and stays when the session ends."""

_DEVICE_SECONDS: Final = 400 * 24 * 3600
"""The longest time that browsers keep one (RFC 6265bis section 5.5)."""


def device_cookie(token: str, *, secure: bool) -> str:
    """The Set-Cookie header's value. Only requests of our own pages to the API carry it."""
    cookie = f"{DEVICE_COOKIE}={token}; Path=/api/v1; HttpOnly; SameSite=Strict; Max-Age={_DEVICE_SECONDS}"
    return f"{cookie}; Secure" if secure else cookie


def session_cookie(token: str, max_age_seconds: int, *, secure: bool) -> str:
    """The Set-Cookie header's value.

    Scripts can't read it (HttpOnly); other sites' requests that change something don't carry it (SameSite=Lax).
    """
    cookie = f"{cookie_name(secure=secure)}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_seconds}"
    return f"{cookie}; Secure" if secure else cookie


def no_cookie(*, secure: bool) -> str:
    """The Set-Cookie header's value that makes a browser forget it."""
    return session_cookie("", 0, secure=secure)
