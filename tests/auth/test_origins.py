"""Which pages may act with the browser's cookie, and which may read answers: the same for every way in."""

from __future__ import annotations

import pytest

from hubbub.auth.origins import cors_headers, is_named, is_own, lost_scheme, may_read, may_write, without_foreign_cookie

NAMED = ("https://app.example/", "*")
HERE = {"host": "chat.example:8000"}


@pytest.mark.parametrize(
    ("origin", "host", "secure", "own"),
    [
        ("http://chat.example:8000", "chat.example:8000", False, True),
        ("HTTP://Chat.Example:8000", "chat.example:8000", False, True),
        ("http://chat.example", "chat.example:80", False, True),
        ("https://chat.example:443", "chat.example", True, True),
        ("http://[::1]:8000", "[::1]:8000", False, True),
        ("http://chat.example:8001", "chat.example:8000", False, False),
        ("http://chat.example", "chat.example:8000", False, False),
        ("https://chat.example", "chat.example", False, False),
        ("http://chat.example", "chat.example", True, False),
        ("http://chat.example:443", "chat.example", True, False),
        ("https://chat.example:80", "chat.example", False, False),
        ("ftp://chat.example:80", "chat.example", False, False),
        ("http://chat.example/path", "chat.example", False, False),
        ("http://a, http://chat.example", "chat.example", False, False),
        ("http://user@evil.example", "chat.example", False, False),
        ("null", "null", False, False),
        ("null", "", False, False),
        ("", "", False, False),
        ("http://", "", False, False),
        ("http://[broken", "chat.example", False, False),
        ("http://chat.example:99999", "chat.example", False, False),
    ],
)
def test_our_own_origin_has_our_scheme_host_and_port(origin: str, host: str, secure: bool, own: bool) -> None:
    assert is_own(origin, {"host": host}, secure=secure) is own
    assert may_read({"origin": origin, "host": host}, (), secure=secure) is own


def test_a_scheme_that_a_proxy_lost_is_noticed() -> None:
    assert lost_scheme({"origin": "https://chat.example", "host": "chat.example"}, secure=False)
    assert not lost_scheme({"origin": "https://chat.example", "host": "chat.example"}, secure=True)
    assert not lost_scheme({"origin": "https://evil.example", "host": "chat.example"}, secure=False)
    assert not lost_scheme({"host": "chat.example"}, secure=False)


@pytest.mark.parametrize(
    ("origin", "named"),
    [
        ("https://app.example", True),
        ("HTTPS://APP.example:443", True),
        ("http://app.example", False),
        ("https://app.example.evil", False),
        ("https://app.example:8443", False),
        ("*", False),
        ("null", False),
    ],
)
def test_an_origin_is_named_or_not_and_the_asterisk_names_nobody(origin: str, named: bool) -> None:
    assert is_named(origin, NAMED) is named


@pytest.mark.parametrize(
    ("headers", "read", "write"),
    [
        ({}, True, False),  # no browser: it sends the cookie because somebody wrote so
        ({"sec-fetch-mode": "cors"}, True, False),
        ({"sec-fetch-site": "same-origin"}, True, True),
        ({"sec-fetch-site": "same-origin", "sec-fetch-dest": "empty"}, True, True),
        ({"sec-fetch-site": "same-origin", "sec-fetch-dest": "websocket"}, True, True),
        ({"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, False, False),
        ({"sec-fetch-site": "same-origin", "sec-fetch-dest": "image"}, False, False),
        ({"sec-fetch-site": "same-origin", "sec-fetch-dest": "iframe"}, False, False),
        ({"sec-fetch-site": "same-site", "sec-fetch-dest": "empty"}, False, False),
        ({"sec-fetch-site": "cross-site", "sec-fetch-dest": "image"}, False, False),
        ({"sec-fetch-site": "none", "sec-fetch-dest": "document"}, False, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://app.example"}, True, True),
        ({"sec-fetch-site": "same-site", "origin": "http://chat.example:8001"}, False, False),
    ],
)
def test_a_browser_says_who_asks(headers: dict[str, str], read: bool, write: bool) -> None:
    given = {**HERE, **headers}
    assert may_read(given, NAMED, secure=False) is read
    assert may_write(given, NAMED, secure=False) is write
    with_cookie = {**given, "cookie": "a=b"}
    kept = with_cookie if read else given
    assert without_foreign_cookie(with_cookie, NAMED, secure=False) == kept
    assert without_foreign_cookie(given, NAMED, secure=False) is given


@pytest.mark.parametrize("allowed", [(), ("*",), ("https://app.example",), NAMED])
@pytest.mark.parametrize("origin", ["https://app.example", "https://evil.example", "null", None])
def test_only_named_origins_are_let_in_with_credentials(origin: str | None, allowed: tuple[str, ...]) -> None:
    found = dict(cors_headers({} if origin is None else {"origin": origin}, allowed))
    told = found.get(b"access-control-allow-origin")
    named = origin == "https://app.example" and len(set(allowed) - {"*"}) == 1
    assert found.get(b"access-control-allow-credentials") == (b"true" if named else None)
    assert told == (b"https://app.example" if named else b"*" if origin is not None and "*" in allowed else None)
