"""Bodies and queries that can't be understood: a coded answer that names the field."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from hubbub.app import Application
from hubbub.config import Config

from .conftest import PASSWORD, refusal

JSON = {"content-type": "application/json"}
SIGN_UP = "/api/v1/accounts"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"", "bad_field", "The field 'name' is missing."),
        (b"{", "bad_json", "This is not a JSON object."),
        (b"\xff", "bad_json", "This is not a JSON object."),
        (b'{"name": "\xff"}', "bad_json", "This is not a JSON object."),
        (b"[" * 10_000, "bad_field", "The body must be an object."),
        (b"[]", "bad_field", "The body must be an object."),
        (b'"ada"', "bad_field", "The body must be an object."),
        (b'{"name": "ada"}', "bad_field", "The field 'password' is missing."),
        (b'{"name": 1, "password": "correct horse"}', "bad_field", "The field 'name' must be a string."),
        (b'{"name": "ada", "password": null}', "bad_field", "The field 'password' must be a string."),
        (b'{"name": "ada", "password": "x", "admin": true}', "bad_field", "There is no field 'admin'."),
    ],
)
async def test_a_wrong_body_is_refused(http: httpx.AsyncClient, body: bytes, code: str, message: str) -> None:
    answer = await http.post(SIGN_UP, content=body, headers=JSON)
    assert refusal(answer) == (400, code)
    assert answer.json()["error"]["message"] == message


async def test_the_name_of_an_unknown_field_can_not_forge_an_answer(http: httpx.AsyncClient) -> None:
    answer = await http.post(SIGN_UP, content='{"\\u202e\\n<b>": 1}', headers=JSON)
    assert refusal(answer) == (400, "bad_field")
    assert answer.json()["error"]["message"].isascii()
    assert "\n" not in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/json; charset=utf-16", ""],
)
async def test_only_json_is_taken(http: httpx.AsyncClient, kind: str) -> None:
    body = b'{"name": "ada", "password": "correct horse"}'
    answer = await http.post(SIGN_UP, content=body, headers={"content-type": kind})
    assert refusal(answer) == (415, "wrong_content_type")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", 'application/json;charset="UTF-8"']
)
async def test_json_may_name_its_charset(http: httpx.AsyncClient, kind: str) -> None:
    body = b'{"name": "ada", "password": "correct horse"}'
    assert (await http.post(SIGN_UP, content=body, headers={"content-type": kind})).status_code == 201


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("limit=0", "The field 'limit' must be at least 1."),
        ("limit=201", "The field 'limit' must be at most 200."),
        ("limit=many", "The field 'limit' must be a whole number."),
        ("after=a&after=b", "A parameter is given twice."),
        ("offset=3", "There is no field 'offset'."),
    ],
)
async def test_a_wrong_query_is_refused(ada: httpx.AsyncClient, query: str, message: str) -> None:
    answer = await ada.get(f"/api/v1/directory?{query}")
    assert refusal(answer) == (400, "bad_field")
    assert answer.json()["error"]["message"] == message


class TestLimit:
    """A body longer than `message_bytes`."""

    @pytest.fixture
    def config(self, config: Config) -> Config:
        return Config(port=0, data=config.data, shutdown_grace_seconds=0, text_bytes=500, message_bytes=1024)

    def account(self, size: int) -> bytes:
        """A body of exactly this size that is otherwise right."""
        head = b'{"name": "ada", "password": "%s"}' % PASSWORD.encode()
        return head + b" " * (size - len(head))

    async def test_up_to_the_limit_it_is_taken(self, http: httpx.AsyncClient) -> None:
        assert (await http.post(SIGN_UP, content=self.account(1024), headers=JSON)).status_code == 201

    async def test_beyond_it_is_refused_by_its_announced_length(self, http: httpx.AsyncClient) -> None:
        answer = await http.post(SIGN_UP, content=self.account(1025), headers=JSON)
        assert refusal(answer) == (413, "body_too_large")

    async def test_beyond_it_is_refused_in_pieces_too(self, http: httpx.AsyncClient) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b" " * 400

        answer = await http.post(SIGN_UP, content=pieces(), headers=JSON)
        assert refusal(answer) == (413, "body_too_large")
        assert (await http.get("/api/v1/server")).json()["needs_setup"]

    async def test_clients_are_told_the_limits(self, http: httpx.AsyncClient) -> None:
        limits: dict[str, Any] = (await http.get("/api/v1/server")).json()["limits"]
        assert limits == {"text_bytes": 500, "frame_bytes": 1024}


async def test_an_operation_without_input_takes_none(ada: httpx.AsyncClient) -> None:
    await ada.post("/api/v1/rooms", json={"room": "general"})
    assert (await ada.post("/api/v1/rooms/general/members")).status_code == 200
    assert (await ada.post("/api/v1/rooms/general/members", json={})).status_code == 200
    assert refusal(await ada.post("/api/v1/rooms/general/members", json={"since": 1})) == (400, "bad_field")
    assert refusal(await ada.get("/api/v1/me?name=bob")) == (400, "bad_field")


async def test_a_client_that_hangs_up_in_the_middle_does_no_harm(
    server: Application, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    place = httpx.URL(server.url)
    _, writer = await asyncio.open_connection(place.host, place.port)
    head = (
        f"POST {SIGN_UP} HTTP/1.1\r\nHost: {place.host}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    )
    writer.write(head.encode() + b'{"name": "ada"')
    writer.close()
    await writer.wait_closed()
    counted = f'hubbub_http_requests_total{{method="POST",route="{SIGN_UP}",status="499"}} 1.0'
    while counted not in (await http.get("/metrics")).text:
        pass
    assert (await http.get("/api/v1/server")).json()["needs_setup"]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
