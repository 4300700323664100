"""What every answer has, whatever the path: routes, headers, ids."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from prometheus_client import CollectorRegistry
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from hubbub.app import Application
from hubbub.errors import Internal, Unauthenticated
from hubbub.http.api import OPERATIONS
from hubbub.http.call import Call, Services
from hubbub.http.envelope import Envelope
from hubbub.http.metrics import HttpMetrics
from hubbub.vocabulary import Done

from .conftest import refusal


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v2/server", "/api/v1/nothing", "/api/v1/server/"])
async def test_an_unknown_path_of_the_api_is_a_coded_error(http: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert refusal(await http.request(method, path)) == (404, "not_found")


async def test_a_wrong_method_is_told_the_right_ones(http: httpx.AsyncClient) -> None:
    answer = await http.put("/api/v1/sessions")
    assert refusal(answer) == (405, "method_not_allowed")
    assert {method.strip() for method in answer.headers["allow"].split(",")} == {"GET", "HEAD", "POST"}
    page = await http.post("/livez")
    assert (page.status_code, page.headers["content-type"]) == (405, "text/plain; charset=utf-8")


async def test_head_is_get_without_a_body(http: httpx.AsyncClient) -> None:
    for path in ("/api/v1/server", "/api/v1/openapi.json", "/livez", "/"):
        plain = {"accept-encoding": "identity"}
        head, get = await http.head(path, headers=plain), await http.get(path, headers=plain)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(get.content))


async def test_every_operation_is_routed(http: httpx.AsyncClient) -> None:
    for operation in OPERATIONS:
        path = operation.path.replace("{room}", "general").replace("{id}", "current")
        answer = await http.request(operation.method, path)
        expected = {200, 415} if operation.public else {401}
        assert answer.status_code in expected, operation.name


async def test_a_plain_request_to_the_websocket_is_told_to_upgrade(http: httpx.AsyncClient) -> None:
    answer = await http.get("/ws")
    assert answer.status_code == 426
    assert answer.headers["upgrade"] == "websocket"


async def test_documents_describe_both_interfaces(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/v1/openapi.json")).json()["openapi"] == "3.1.0"
    assert (await http.get("/api/v1/asyncapi.json")).json()["asyncapi"] == "3.0.0"


async def test_pages_may_load_nothing_from_elsewhere_and_be_framed_nowhere(http: httpx.AsyncClient) -> None:
    for path in ("/", "/r/general", "/livez", "/nothing.js"):
        headers = (await http.get(path)).headers
        policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
        assert policy["default-src"] == "'self'"
        assert policy["script-src"] == "'self'"
        assert policy["connect-src"] == "'self' ws: wss:"
        assert policy["frame-ancestors"] == "'none'"
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


async def test_answers_of_the_api_are_kept_nowhere(http: httpx.AsyncClient) -> None:
    for path in ("/api/v1/server", "/api/v1/me", "/api/v1/nothing"):
        headers = (await http.get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers


async def test_a_request_has_an_id_of_its_own_or_the_client_s(http: httpx.AsyncClient) -> None:
    first, second = await http.get("/livez"), await http.get("/livez")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    given = await http.get("/livez", headers={"x-request-id": "client-made.1"})
    assert given.headers["x-request-id"] == "client-made.1"
    forged = await http.get("/livez", headers={"x-request-id": "two words"})
    assert forged.headers["x-request-id"] != "two words"


async def test_what_is_not_http_passes_by_the_envelope() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    nothing = SimpleNamespace()
    await Envelope(app, HttpMetrics(CollectorRegistry()))({"type": "lifespan"}, nothing, nothing)  # type: ignore[arg-type]
    assert seen == ["lifespan"]


async def test_a_bug_is_an_answer_and_a_line_in_the_log(
    server: Application, ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("a secret detail")

    monkeypatch.setattr("hubbub.identity.Identity.sessions", broken)
    answer = await ada.get("/api/v1/sessions")
    assert refusal(answer) == (500, "internal")
    assert "secret" not in answer.text
    assert answer.json()["error"]["retryable"] is True
    assert any(record.exc_info and record.name == "hubbub.http.endpoint" for record in caplog.records)


async def test_a_reply_that_belongs_to_no_such_operation_is_a_bug_too(
    ada: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def wrong(*_: object) -> Done:
        return Done()

    monkeypatch.setattr("hubbub.chat.Chat.perform", wrong)
    answer = await ada.get("/api/v1/rooms")
    assert refusal(answer) == (500, "internal")
    assert answer.json()["error"]["message"] == Internal.message
    assert "Rooms was answered by Done" in caplog.text


def test_nobody_is_signed_in_where_nobody_signed_in() -> None:
    call = Call(cast("Services", None), Request({"type": "http", "path": "/", "headers": []}), None, None)
    assert call.peer == ""
    with pytest.raises(Unauthenticated):
        _ = call.login
