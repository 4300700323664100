"""Which token a request and a handshake bring, and which cookie is theirs."""

from __future__ import annotations

import logging

import pytest

from hubbub.auth.cookies import cookie_token, device_cookie, no_cookie, session_cookie
from hubbub.auth.credentials import Credentials, credentials_of_handshake, credentials_of_request
from hubbub.errors import Forbidden
from hubbub.realtime import Handshake

HERE = {"host": "chat.example"}
OURS = {**HERE, "origin": "http://chat.example", "cookie": "hubbub_session=a"}
FOREIGN = {**HERE, "origin": "https://evil.example", "cookie": "hubbub_session=a"}


def shake(auth: object = None, **headers: str) -> Handshake:
    return Handshake("/ws", "", headers, "", auth=auth)


@pytest.mark.parametrize(
    ("header", "secure", "token"),
    [
        ("hubbub_session=a", False, "a"),
        ("x=1; hubbub_session=a;y", False, "a"),
        ('hubbub_session="a"', False, "a"),
        ("__Host-hubbub_session=a", True, "a"),
        ("hubbub_session=b; __Host-hubbub_session=a", True, "a"),
        ("hubbub_session=b; __Host-hubbub_session=a", False, "b"),
        ("hubbub_session=a", True, ""),
        ("__Host-hubbub_session=a", False, ""),
        ("hubbub_session=a; hubbub_session=a", False, ""),
        ("hubbub_session=a; hubbub_session=b", False, ""),
        ("hubbub_session=; hubbub_session=b", False, ""),
        ("xhubbub_session=a", False, ""),
        ("Hubbub_session=a", False, ""),
        ("", False, ""),
    ],
)
def test_there_is_one_cookie_or_none(header: str, secure: bool, token: str) -> None:
    assert cookie_token(header, secure=secure) == token


def test_a_token_does_not_show_in_a_log() -> None:
    found = credentials_of_handshake(shake(authorization="Bearer secret"), ())
    assert found == Credentials("secret", ambient=False)
    assert "secret" not in repr(found)


def test_other_schemes_carry_no_token() -> None:
    assert credentials_of_handshake(shake(authorization="Basic secret"), ()) is None
    assert credentials_of_handshake(shake(cookie="other=1"), ()) is None


def test_a_given_token_comes_before_the_cookie() -> None:
    cookie = "hubbub_session=a"
    assert credentials_of_handshake(shake(cookie=cookie), ()) == Credentials("a", ambient=True)
    bearer = shake(cookie=cookie, authorization="bearer  b ")
    assert credentials_of_handshake(bearer, ()) == Credentials("b", ambient=False)
    payload = shake({"token": "c"}, cookie=cookie, authorization="Bearer b")
    assert credentials_of_handshake(payload, ()) == Credentials("c", ambient=False)
    for nothing in ({}, {"token": 1}, "c", None):
        assert credentials_of_handshake(shake(nothing), ()) is None


def test_a_handshake_of_a_foreign_page_brings_no_cookie() -> None:
    assert credentials_of_handshake(shake(**OURS), ()) == Credentials("a", ambient=True)
    assert credentials_of_handshake(shake(**FOREIGN), ()) is None
    assert credentials_of_handshake(shake(**FOREIGN), ("https://evil.example",)) == Credentials("a", ambient=True)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_request_that_changes_nothing_brings_the_cookie_from_any_page(method: str) -> None:
    assert credentials_of_request(method, FOREIGN, (), secure=False) == Credentials("a", ambient=True)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_request_that_changes_something_comes_from_our_page(method: str) -> None:
    assert credentials_of_request(method, OURS, (), secure=False) == Credentials("a", ambient=True)
    for headers in (FOREIGN, {**HERE, "cookie": "hubbub_session=a"}):
        with pytest.raises(Forbidden):
            credentials_of_request(method, headers, (), secure=False)
        bearer = {**headers, "authorization": "Bearer b"}
        assert credentials_of_request(method, bearer, (), secure=False) == Credentials("b", ambient=False)
    assert credentials_of_request(method, HERE, (), secure=False) is None


def test_a_scheme_that_is_a_proxy_s_says_nothing() -> None:
    headers = {**OURS, "authorization": "Basic YWRhOmFkYQ=="}
    assert credentials_of_request("POST", headers, (), secure=False) == Credentials("a", ambient=True)
    assert credentials_of_request("POST", {**HERE, "authorization": "Basic x"}, (), secure=False) is None


def test_https_that_arrives_as_http_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    headers = {**HERE, "origin": "https://chat.example", "cookie": "hubbub_session=a"}
    with pytest.raises(Forbidden), caplog.at_level(logging.WARNING):
        credentials_of_request("POST", headers, (), secure=False)
    assert "X-Forwarded-Proto" in caplog.text


def test_cookies_are_written_as_they_are_read() -> None:
    for secure in (False, True):
        written = session_cookie("a", 60, secure=secure)
        assert cookie_token(written.partition(";")[0], secure=secure) == "a"
        assert written.endswith("; Secure") is secure
        assert "HttpOnly; SameSite=Lax; Max-Age=60" in written
        assert "Max-Age=0" in no_cookie(secure=secure)
        assert device_cookie("d", secure=secure).startswith("hubbub_device=d; Path=/api/v1; HttpOnly; SameSite=Strict")
