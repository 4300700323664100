"""Accounts and what people change about their own."""

from __future__ import annotations

import httpx
import pytest

from .conftest import PASSWORD, SignUp, refusal


async def test_the_first_account_is_administrator_and_signed_in(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/v1/server")).json()["needs_setup"]
    answer = await http.post("/api/v1/accounts", json={"name": "ada", "password": PASSWORD, "title": "Ada L."})
    assert answer.status_code == 201
    body = answer.json()
    assert body["user"] == {"name": "ada", "title": "Ada L.", "admin": True}
    assert "set-cookie" not in answer.headers
    me = await http.get("/api/v1/me", headers={"authorization": f"bearer {body['token']}"})
    assert me.json() == {"user": body["user"], "session": body["session"]}
    assert not (await http.get("/api/v1/server")).json()["needs_setup"]


async def test_later_accounts_are_no_administrators(bob: httpx.AsyncClient) -> None:
    assert (await bob.get("/api/v1/me")).json()["user"] == {"name": "bob"}


@pytest.mark.parametrize(
    ("account", "expected"),
    [
        ({"name": "ada", "password": PASSWORD}, (409, "name_taken")),
        ({"name": "Not a name", "password": PASSWORD}, (400, "bad_name")),
        ({"name": "bob", "password": "short"}, (400, "weak_password")),
        ({"name": "bob", "password": PASSWORD, "title": "x" * 81}, (400, "bad_field")),
    ],
)
async def test_an_account_that_can_not_be(
    ada: httpx.AsyncClient, http: httpx.AsyncClient, account: dict[str, str], expected: tuple[int, str]
) -> None:
    assert refusal(await http.post("/api/v1/accounts", json=account)) == expected


async def test_who_has_not_signed_in_may_nothing(http: httpx.AsyncClient) -> None:
    for method, path in [
        ("GET", "/api/v1/me"),
        ("PATCH", "/api/v1/server"),
        ("GET", "/api/v1/rooms"),
        ("POST", "/api/v1/rooms/general/messages"),
        ("GET", "/api/v1/rooms/general/events"),
    ]:
        answer = await http.request(method, path)
        assert refusal(answer) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Basic YWRhOmFkYQ==", "x" * 43, "Bearer " + "x" * 43])
async def test_a_wrong_token_is_refused(ada: httpx.AsyncClient, http: httpx.AsyncClient, header: str) -> None:
    answer = await http.get("/api/v1/me", headers={"authorization": header})
    assert refusal(answer) == (401, "unauthenticated")


async def test_a_profile_changes_in_what_is_given(ada: httpx.AsyncClient) -> None:
    changed = await ada.patch("/api/v1/me", json={"title": "Countess"})
    assert changed.json()["user"]["title"] == "Countess"
    assert (await ada.patch("/api/v1/me", json={})).json() == changed.json()
    assert (await ada.get("/api/v1/me")).json() == changed.json()
    assert (await ada.patch("/api/v1/me", json={"title": ""})).json()["user"].get("title", "") == ""


async def test_a_new_password_ends_the_other_logins(ada: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    other = await http.post("/api/v1/sessions", json={"name": "ada", "password": PASSWORD})
    change = {"old": PASSWORD, "new": "battery staple"}
    assert (await ada.post("/api/v1/me/password", json=change)).status_code == 204
    assert (await ada.get("/api/v1/me")).status_code == 200
    headers = {"authorization": f"Bearer {other.json()['token']}"}
    assert refusal(await http.get("/api/v1/me", headers=headers)) == (401, "unauthenticated")
    for password, status in [(PASSWORD, 401), ("battery staple", 201)]:
        answer = await http.post("/api/v1/sessions", json={"name": "ada", "password": password})
        assert answer.status_code == status


async def test_a_password_is_not_changed_without_the_old_one(ada: httpx.AsyncClient) -> None:
    wrong = await ada.post("/api/v1/me/password", json={"old": "not it at all", "new": "battery staple"})
    assert refusal(wrong) == (401, "wrong_credentials")
    weak = await ada.post("/api/v1/me/password", json={"old": PASSWORD, "new": "short"})
    assert refusal(weak) == (400, "weak_password")


async def test_only_an_administrator_closes_sign_up(
    ada: httpx.AsyncClient, bob: httpx.AsyncClient, http: httpx.AsyncClient, as_user: SignUp
) -> None:
    assert refusal(await bob.patch("/api/v1/server", json={"signup": "closed"})) == (403, "forbidden")
    assert refusal(await ada.patch("/api/v1/server", json={"signup": "ajar"})) == (400, "bad_field")
    changed = await ada.patch("/api/v1/server", json={"signup": "closed"})
    assert changed.json()["signup"] == "closed"
    assert (await http.get("/api/v1/server")).json() == changed.json()
    eve = {"name": "eve", "password": PASSWORD}
    assert refusal(await http.post("/api/v1/accounts", json=eve)) == (403, "signup_closed")
    await ada.patch("/api/v1/server", json={"signup": "open"})
    await as_user("eve")
