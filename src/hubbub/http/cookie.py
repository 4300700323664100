"""The browser's session cookie."""

from __future__ import annotations

from hubbub.chat.credentials import COOKIE, cookie_name, cookie_token

__all__ = ["COOKIE", "cookie_token", "no_cookie", "session_cookie"]


def session_cookie(token: str, max_age_seconds: int, *, secure: bool) -> str:
    """The Set-Cookie header's value.

    Scripts can't read it (HttpOnly); other sites' requests that change something don't carry it (SameSite=Lax).
    """
    cookie = f"{cookie_name(secure=secure)}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_seconds}"
    return f"{cookie}; Secure" if secure else cookie


def no_cookie(*, secure: bool) -> str:
    """The Set-Cookie header's value that makes a browser forget it."""
    return session_cookie("", 0, secure=secure)
