"""Whether a request that carries a cookie was made by a page that may use it."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from hubbub.chat.credentials import origin_allowed
from hubbub.realtime import Handshake

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def from_own_page(request: Request, allowed_origins: tuple[str, ...]) -> bool:
    """True when the browser says that the request comes from our origin, or from one that the operator named.

    A browser sends `Origin` with every request that changes something, and `Sec-Fetch-Site` with every request. A
    request without both comes from no browser of today; such a client uses a bearer token instead of the cookie.
    `*` names nobody.
    """
    if "origin" not in request.headers:
        return request.headers.get("sec-fetch-site") == "same-origin"
    return origin_allowed(Handshake(request.url.path, "", dict(request.headers), ""), allowed_origins)
