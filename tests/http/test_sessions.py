"""Signing in and out, by token and by cookie."""

from __future__ import annotations

from http.cookies import SimpleCookie

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from hubbub.app import Application
from hubbub.config import Config
from hubbub.errors import CloseCode

from .conftest import PASSWORD, refusal

ADA = {"name": "ada", "password": PASSWORD}
WITH_COOKIE = {**ADA, "cookie": True}


async def test_each_sign_in_is_a_login_of_its_own(ada: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    signed_in = await http.post("/api/v1/sessions", json={**ADA, "device": "a phone"})
    assert signed_in.status_code == 201
    listed = (await ada.get("/api/v1/sessions")).json()["sessions"]
    assert [(login["device"], login["current"]) for login in listed] == [("", True), ("a phone", False)]
    assert listed[1]["id"] == signed_in.json()["session"]
    assert listed[0]["created_ms"] <= listed[1]["created_ms"] <= listed[1]["seen_ms"]


async def test_logins_come_in_pages(ada: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    for device in ("phone", "tablet"):
        await http.post("/api/v1/sessions", json={**ADA, "device": device})
    first = (await ada.get("/api/v1/sessions?limit=2")).json()
    second = (await ada.get(f"/api/v1/sessions?limit=2&after={first['sessions'][-1]['id']}")).json()
    devices = [login["device"] for page in (first, second) for login in page["sessions"]]
    assert sorted(devices) == ["", "phone", "tablet"]  # made within one millisecond, they have any order
    assert (first["more"], second["more"]) == (True, False)
    assert refusal(await ada.get("/api/v1/sessions?after=nothing")) == (404, "not_found")


@pytest.mark.parametrize("name", ["ada", "nobody"])
async def test_wrong_credentials_do_not_say_what_is_wrong(
    ada: httpx.AsyncClient, http: httpx.AsyncClient, name: str
) -> None:
    answer = await http.post("/api/v1/sessions", json={"name": name, "password": "not it at all"})
    assert refusal(answer) == (401, "wrong_credentials")
    assert answer.json()["error"]["message"] == "The name or the password is wrong."


async def test_guessing_is_slowed_down(ada: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    for _ in range(10):
        await http.post("/api/v1/sessions", json={"name": "ada", "password": "not it at all"})
    answer = await http.post("/api/v1/sessions", json=ADA)
    assert refusal(answer) == (429, "too_many_attempts")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_login_ends_and_its_token_with_it(ada: httpx.AsyncClient) -> None:
    assert (await ada.delete("/api/v1/sessions/current")).status_code == 204
    assert refusal(await ada.get("/api/v1/me")) == (401, "unauthenticated")


async def test_one_can_end_another_login_of_one_s_own_only(
    ada: httpx.AsyncClient, bob: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    session = (await http.post("/api/v1/sessions", json=ADA)).json()["session"]
    assert refusal(await bob.delete(f"/api/v1/sessions/{session}")) == (404, "not_found")
    assert (await ada.delete(f"/api/v1/sessions/{session}")).status_code == 204
    assert refusal(await ada.delete(f"/api/v1/sessions/{session}")) == (404, "not_found")
    assert len((await ada.get("/api/v1/sessions")).json()["sessions"]) == 1


async def test_an_ended_login_s_connections_are_closed(
    server: Application, ada: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    signed_in = (await http.post("/api/v1/sessions", json=ADA)).json()
    headers = {"authorization": f"Bearer {signed_in['token']}"}
    async with connect(server.url.replace("http", "ws") + "/ws", additional_headers=headers) as socket:
        await socket.recv()
        await ada.delete(f"/api/v1/sessions/{signed_in['session']}")
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == CloseCode.SESSION_ENDED


def cookies(answer: httpx.Response) -> SimpleCookie:
    """What an answer wants a browser to keep."""
    return SimpleCookie("\r\n".join(answer.headers.get_list("set-cookie")))


class TestKnownDevice:
    """Somebody guesses a name's password; who has signed in on a device before is not held up by it."""

    async def guess(self, http: httpx.AsyncClient, address: str) -> tuple[int, str]:
        attempt = {"name": "ada", "password": "not it at all"}
        return refusal(await http.post("/api/v1/sessions", json=attempt, headers={"x-forwarded-for": address}))

    async def exhaust(self, http: httpx.AsyncClient) -> None:
        while await self.guess(http, "192.0.2.66") != (429, "too_many_attempts"):
            pass

    async def test_a_token_lets_its_owner_in_from_anywhere(
        self, ada: httpx.AsyncClient, http: httpx.AsyncClient
    ) -> None:
        device = (await http.post("/api/v1/sessions", json=ADA)).json()["device_token"]
        await self.exhaust(http)
        elsewhere = {"x-forwarded-for": "198.51.100.1"}
        assert refusal(await http.post("/api/v1/sessions", json=ADA, headers=elsewhere))[0] == 429
        again = await http.post("/api/v1/sessions", json={**ADA, "device_token": device}, headers=elsewhere)
        assert (again.status_code, again.json()["device_token"]) == (201, device)

    async def test_a_browser_keeps_it_in_a_cookie(
        self, server: Application, ada: httpx.AsyncClient, http: httpx.AsyncClient
    ) -> None:
        async with httpx.AsyncClient(base_url=server.url, headers={"origin": server.url}) as browser:
            answer = await browser.post("/api/v1/sessions", json=WITH_COOKIE)
            assert answer.json()["device_token"] is None
            cookie = cookies(answer)["hubbub_device"]
            assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/api/v1", True, "Strict")
            await browser.delete("/api/v1/sessions/current")
            await self.exhaust(http)
            elsewhere = {"x-forwarded-for": "198.51.100.1"}
            assert (await browser.post("/api/v1/sessions", json=WITH_COOKIE, headers=elsewhere)).status_code == 201

    async def test_it_is_of_one_name_and_can_not_be_made_up(
        self, ada: httpx.AsyncClient, bob: httpx.AsyncClient, http: httpx.AsyncClient
    ) -> None:
        bobs = (await http.post("/api/v1/sessions", json={"name": "bob", "password": PASSWORD})).json()["device_token"]
        await self.exhaust(http)
        for token in (bobs, "A" * len(bobs), "", "é" * len(bobs)):
            attempt = {**ADA, "device_token": token}
            answer = await http.post("/api/v1/sessions", json=attempt, headers={"x-forwarded-for": "198.51.100.1"})
            assert refusal(answer)[0] == 429

    async def test_a_known_address_gets_in_and_another_one_does_not(
        self, ada: httpx.AsyncClient, http: httpx.AsyncClient
    ) -> None:
        home, cafe = ({"x-forwarded-for": address} for address in ("203.0.113.5", "203.0.113.6"))
        assert (await http.post("/api/v1/sessions", json=ADA, headers=home)).status_code == 201
        await self.exhaust(http)
        assert (await http.post("/api/v1/sessions", json=ADA, headers=home)).status_code == 201
        refused = await http.post("/api/v1/sessions", json=ADA, headers=cafe)
        assert refusal(refused) == (429, "too_many_attempts")
        assert 0 < refused.json()["error"]["retry_after_seconds"] <= 10


class TestCookie:
    """For browsers: the token never reaches a script."""

    async def test_it_holds_the_token_and_the_answer_does_not(self, http: httpx.AsyncClient) -> None:
        answer = await http.post("/api/v1/accounts", json=WITH_COOKIE)
        assert answer.json()["token"] is None
        cookie = cookies(answer)["hubbub_session"]
        assert cookie["path"] == "/"
        assert cookie["httponly"] is True
        assert cookie["samesite"] == "Lax"
        assert cookie["secure"] == ""
        assert int(cookie["max-age"]) > 80 * 24 * 3600
        assert (await http.get("/api/v1/me")).json()["user"]["name"] == "ada"

    async def test_it_is_secure_when_the_browser_came_by_https(self, http: httpx.AsyncClient) -> None:
        answer = await http.post("/api/v1/accounts", json=WITH_COOKIE, headers={"x-forwarded-proto": "https"})
        cookie = cookies(answer)["__Host-hubbub_session"]
        assert cookie["secure"] is True
        assert cookie["path"] == "/"
        assert cookie["domain"] == ""
        headers = {"x-forwarded-proto": "https", "cookie": f"__Host-hubbub_session={cookie.value}"}
        assert (await http.get("/api/v1/me", headers=headers)).status_code == 200
        headers["cookie"] = f"hubbub_session={cookie.value}"
        assert refusal(await http.get("/api/v1/me", headers=headers)) == (401, "unauthenticated")
        assert [cookie["secure"] for cookie in cookies(answer).values()] == [True, True]

    async def test_asking_who_i_am_prolongs_it(self, http: httpx.AsyncClient) -> None:
        await http.post("/api/v1/accounts", json=WITH_COOKIE)
        token = http.cookies["hubbub_session"]
        answer = await http.get("/api/v1/me")
        assert SimpleCookie(answer.headers["set-cookie"])["hubbub_session"].value == token

    async def test_who_came_by_token_gets_none(self, ada: httpx.AsyncClient) -> None:
        assert "set-cookie" not in (await ada.get("/api/v1/me")).headers

    async def test_signing_out_takes_it_back(self, server: Application, http: httpx.AsyncClient) -> None:
        await http.post("/api/v1/accounts", json=WITH_COOKIE)
        answer = await http.delete("/api/v1/sessions/current", headers={"origin": server.url})
        assert answer.status_code == 204
        assert SimpleCookie(answer.headers["set-cookie"])["hubbub_session"]["max-age"] == "0"
        assert "hubbub_session" not in http.cookies

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"origin": "https://evil.example"},
            {"origin": "null"},
            {"origin": "http://"},
            {"origin": "http://127.0.0.1:1"},
            {"sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "same-site"},
            {"sec-fetch-site": "none"},
            {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
        ],
    )
    async def test_another_site_s_page_changes_nothing_with_it(
        self, http: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        await http.post("/api/v1/accounts", json=WITH_COOKIE)
        assert refusal(await http.patch("/api/v1/me", json={"title": "x"}, headers=headers)) == (403, "forbidden")
        assert refusal(await http.delete("/api/v1/sessions/current", headers=headers)) == (403, "forbidden")
        assert (await http.get("/api/v1/me")).json()["user"] == {"name": "ada", "admin": True}

    async def test_our_own_page_does(self, server: Application, http: httpx.AsyncClient) -> None:
        await http.post("/api/v1/accounts", json=WITH_COOKIE)
        for headers in ({"origin": server.url}, {"sec-fetch-site": "same-origin"}):
            changed = await http.patch("/api/v1/me", json={"title": "Ada"}, headers=headers)
            assert changed.status_code == 200

    async def test_a_form_of_another_site_is_no_json(self, server: Application, http: httpx.AsyncClient) -> None:
        await http.post("/api/v1/accounts", json=WITH_COOKIE)
        headers = {"origin": server.url, "content-type": "text/plain"}
        answer = await http.patch("/api/v1/me", content=b'{"title": "x"}', headers=headers)
        assert refusal(answer) == (415, "wrong_content_type")

    async def test_a_token_goes_before_it(self, ada: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
        await http.post("/api/v1/accounts", json={**WITH_COOKIE, "name": "bob"})
        token = ada.headers["authorization"]
        answer = await http.patch("/api/v1/me", json={"title": "A"}, headers={"authorization": token})
        assert answer.json()["user"]["name"] == "ada"
        refused = await http.get("/api/v1/me", headers={"authorization": "Bearer wrong"})
        assert refusal(refused) == (401, "unauthenticated")

    async def test_a_stale_one_is_nobody(self, http: httpx.AsyncClient) -> None:
        http.cookies["hubbub_session"] = "x" * 43
        assert refusal(await http.get("/api/v1/me")) == (401, "unauthenticated")


class TestAllowedOrigins:
    """Another site's pages, named by the operator."""

    @pytest.fixture
    def config(self, config: Config) -> Config:
        origins = ("https://app.example.org",)
        return Config(port=0, data=config.data, shutdown_grace_seconds=0, allowed_origins=origins)

    async def test_a_named_origin_may_use_the_cookie(self, http: httpx.AsyncClient) -> None:
        await http.post("/api/v1/accounts", json=WITH_COOKIE)
        for origin, status in [("https://app.example.org", 200), ("https://evil.example", 403)]:
            answer = await http.patch("/api/v1/me", json={"title": "Ada"}, headers={"origin": origin})
            assert answer.status_code == status

    async def test_the_browser_is_told_so(self, http: httpx.AsyncClient) -> None:
        asked = {"access-control-request-method": "PATCH", "access-control-request-headers": "authorization"}
        told = await http.options("/api/v1/me", headers={"origin": "https://app.example.org", **asked})
        assert told.status_code == 204
        assert told.headers["access-control-allow-origin"] == "https://app.example.org"
        assert told.headers["access-control-allow-credentials"] == "true"
        assert "PATCH" in told.headers["access-control-allow-methods"]
        untold = await http.options("/api/v1/me", headers={"origin": "https://evil.example", **asked})
        assert untold.status_code == 204
        assert "access-control-allow-origin" not in untold.headers


class TestAnyOrigin:
    """`*`: with a token only."""

    @pytest.fixture
    def config(self, config: Config) -> Config:
        return Config(port=0, data=config.data, shutdown_grace_seconds=0, allowed_origins=("*",))

    async def test_no_origin_may_use_the_cookie(self, http: httpx.AsyncClient) -> None:
        await http.post("/api/v1/accounts", json=WITH_COOKIE)
        headers = {"origin": "https://evil.example"}
        assert refusal(await http.patch("/api/v1/me", json={"title": "x"}, headers=headers)) == (403, "forbidden")
        read = await http.get("/api/v1/me", headers=headers)
        assert "access-control-allow-credentials" not in read.headers

    async def test_every_origin_may_use_a_token(self, ada: httpx.AsyncClient) -> None:
        answer = await ada.get("/api/v1/me", headers={"origin": "https://any.example"})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
