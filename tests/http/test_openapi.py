"""The OpenAPI document is valid, and what the server does is what it says."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from hubbub.http.api import OPERATIONS
from hubbub.http.commands import operation_of
from hubbub.http.openapi import openapi_document
from hubbub.vocabulary import Action, CommandBase, Done, Ref, RoomId, Seq
from hubbub.vocabulary.declaration import Rest, Work, command

DOCUMENT = openapi_document("1.2.3")


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def described(method: str, path: str) -> dict[str, Any]:
    """The operation that a request belongs to."""
    for template, methods in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path) and method.lower() in methods:
            operation: dict[str, Any] = methods[method.lower()]
            return operation
    raise AssertionError(f"{method} {path} is not described")


def check(answer: httpx.Response) -> None:
    """The answer, and the body that led to it, are as described."""
    request = answer.request
    operation = described(request.method, request.url.path)
    responses = operation["responses"]
    assert str(answer.status_code) in responses, f"{request.method} {request.url.path}: {answer.status_code}"
    content = responses[str(answer.status_code)].get("content")
    if content is None:
        assert answer.content == b""
    else:
        validator(content["application/json"]["schema"]).validate(answer.json())
    if request.content and answer.is_success:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        validator(schema).validate(httpx.Response(200, content=request.content).json())
    if answer.is_error:
        code = answer.json()["error"]["code"]
        assert f"`{code}`" in responses[str(answer.status_code)]["description"], code


def test_the_document_is_valid() -> None:
    assert list(OpenAPIV31SpecValidator(DOCUMENT).iter_errors()) == []
    assert DOCUMENT["info"]["version"] == "1.2.3"


def test_every_operation_is_described_once_and_in_words() -> None:
    found = [operation for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert sorted(operation["operationId"] for operation in found) == sorted(one.name for one in OPERATIONS)
    assert all(operation["summary"] and operation["description"] for operation in found)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    assert {tag for operation in found for tag in operation["tags"]} == tags


def test_what_is_public_needs_no_security() -> None:
    public = {
        operation["operationId"]
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        if operation.get("security") == []
    }
    assert public == {"server", "signUp", "signIn"}


def test_optional_parameters_are_not_null_in_a_query() -> None:
    parameters = {entry["name"]: entry for entry in described("GET", "/api/v1/rooms/general/events")["parameters"]}
    assert parameters["room"]["in"] == "path"
    assert parameters["before"]["required"] is False
    assert parameters["before"]["schema"]["type"] == "integer"
    assert (parameters["limit"]["schema"]["minimum"], parameters["limit"]["schema"]["default"]) == (1, 50)


def test_a_parameter_of_the_path_is_described_as_the_field_that_it_is() -> None:
    class Pin(CommandBase[Done], frozen=True, tag="pin"):
        room: RoomId
        seq: Seq
        ref: Ref = None

    rest = Rest("PUT", "/rooms/{room}/pins/{seq}", "pin", "Pin a message", "To its room.", status=204)
    pin = command(number=0, access=Action.WRITE, work=Work(1), rest=rest, example=lambda: Pin(RoomId("a"), 1))(Pin)
    document = openapi_document("1.2.3", [operation_of(pin, rest)])
    found = document["paths"]["/api/v1/rooms/{room}/pins/{seq}"]["put"]["parameters"]
    assert [(one["name"], one["schema"]["type"]) for one in found] == [("room", "string"), ("seq", "integer")]


class TestServer:
    """Every answer in this class is held against the document."""

    @pytest.fixture
    async def checked(self, ada: httpx.AsyncClient, http: httpx.AsyncClient) -> set[str]:
        """The operations that were seen."""
        seen: set[str] = set()

        async def hook(answer: httpx.Response) -> None:
            await answer.aread()
            check(answer)
            seen.add(described(answer.request.method, answer.request.url.path)["operationId"])

        for client in (ada, http):
            client.event_hooks["response"].append(hook)
        return seen

    async def test_it_does_what_the_document_says(
        self, ada: httpx.AsyncClient, http: httpx.AsyncClient, checked: set[str]
    ) -> None:
        room = "/api/v1/rooms/general"
        bob = {"name": "bob", "password": "correct horse"}
        await http.get("/api/v1/server")
        await ada.patch("/api/v1/server", json={"signup": "open"})
        await http.post("/api/v1/accounts", json={**bob, "title": "Bob"})
        await http.post("/api/v1/accounts", json=bob)
        await http.post("/api/v1/accounts", json={**bob, "name": "B O B"})
        await http.post("/api/v1/accounts", content=b"{")
        await http.post("/api/v1/sessions", json={**bob, "device": "a phone"})
        await http.post("/api/v1/sessions", json={**bob, "password": "wrong"})
        await http.get("/api/v1/me")
        await ada.get("/api/v1/me")
        await ada.patch("/api/v1/me", json={"title": "Ada"})
        await ada.post("/api/v1/me/password", json={"old": "correct horse", "new": "battery staple"})
        await ada.post("/api/v1/me/password", json={"old": "correct horse", "new": "battery staple"})
        await ada.get("/api/v1/sessions")
        await ada.post("/api/v1/rooms", json={"room": "general", "title": "General"})
        await ada.post("/api/v1/rooms", json={"room": "general"})
        await ada.patch("/api/v1/rooms/general", json={"title": "Hall", "nonce": "t"})
        await ada.patch("/api/v1/rooms/general", json={"title": "\u202e", "nonce": "t"})
        await ada.get("/api/v1/rooms")
        await ada.get("/api/v1/directory", params={"limit": 1})
        await ada.get("/api/v1/directory", params={"limit": 0})
        await ada.post(f"{room}/members")
        await ada.get(f"{room}/members")
        await ada.post(f"{room}/messages", json={"text": "hi", "nonce": "1"})
        await ada.post(f"{room}/messages", json={"text": "", "nonce": "1"})
        await ada.patch(f"{room}/messages/3", json={"text": "ho", "nonce": "2"})
        await ada.patch(f"{room}/messages/1", json={"text": "ho", "nonce": "3"})
        await ada.patch(f"{room}/messages/x", json={"text": "ho", "nonce": "3"})
        await ada.get(f"{room}/messages/3/versions")
        await ada.get(f"{room}/messages/x/versions")
        await ada.put(f"{room}/messages/3/reactions/👍", json={"nonce": "4"})
        await ada.put(f"{room}/messages/3/reactions/yes", json={"nonce": "5"})
        await ada.get(f"{room}/messages/3/reactions/👍", params={"limit": 1})
        await ada.get(f"{room}/messages/3/reactions/👍", params={"after": "bob"})
        await ada.delete(f"{room}/messages/3/reactions/👍", params={"nonce": "6"})
        await ada.delete(f"{room}/messages/3/reactions/👍")
        await ada.delete(f"{room}/messages/3", params={"nonce": "7"})
        await ada.delete(f"{room}/messages/3", params={"nonce": "8"})
        await ada.get(f"{room}/events")
        await ada.get("/api/v1/rooms/nowhere/events")
        await ada.put(f"{room}/read", json={"seq": 3})
        await ada.put(f"{room}/read", json={"seq": 300})
        await ada.delete(f"{room}/members/me")
        await ada.get(f"{room}/events")
        await ada.delete("/api/v1/sessions/unknown")
        await ada.delete("/api/v1/sessions/current")
        await ada.get("/api/v1/rooms")
        assert checked == {operation.name for operation in OPERATIONS}
