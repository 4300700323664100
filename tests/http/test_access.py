"""Who may do what: every operation by everybody, against the table."""

from __future__ import annotations

from typing import Any, Final

import httpx
import msgspec
import pytest

from hubbub.chat.access import MAY
from hubbub.http.api import OPERATIONS
from hubbub.http.operation import Operation
from hubbub.vocabulary import Role

from .conftest import SignUp

REFUSED: Final = {"unauthenticated", "forbidden", "room_forbidden"}
SAMPLES: Final[dict[str, Any]] = {
    "name": "eve", "password": "correct horse", "old": "wrong horse", "new": "battery staple", "signup": "open",
    "room": "general", "id": "nobody", "text": "hello", "nonce": "n", "seq": 1, "emoji": "👍",
}  # fmt: skip
"""A value for everything that a path or an input has to have."""

PEOPLE: Final = {
    "stranger": frozenset({Role.STRANGER}),
    "user": frozenset({Role.USER}),
    "member": frozenset({Role.USER, Role.MEMBER}),
    "administrator": frozenset({Role.USER, Role.ADMINISTRATOR}),
    "administrator who is a member": frozenset({Role.USER, Role.MEMBER, Role.ADMINISTRATOR}),
}


@pytest.fixture
async def person(who: str, http: httpx.AsyncClient, ada: httpx.AsyncClient, as_user: SignUp) -> httpx.AsyncClient:
    """`ada` is the administrator, and made the room."""
    assert (await ada.post("/api/v1/rooms", json={"room": "general"})).status_code == 201
    if who == "stranger":
        return http
    if who in {"user", "member"}:
        bob = await as_user("bob")
        if who == "member":
            assert (await bob.post("/api/v1/rooms/general/members")).status_code == 200
        return bob
    if who == "administrator":
        assert (await ada.delete("/api/v1/rooms/general/members/me")).status_code == 204
    return ada


async def ask(client: httpx.AsyncClient, operation: Operation[Any]) -> str:
    """The code with which it refused this client, or "may"."""
    path = operation.path.format_map(SAMPLES)
    body = {field.name: SAMPLES[field.name] for field in msgspec.structs.fields(operation.input) if field.required}
    if operation.has_body:
        answer = await client.request(operation.method, path, json=body)
    else:
        answer = await client.request(operation.method, path, params=body)
    code = answer.json()["error"]["code"] if answer.is_error else ""
    return code if code in REFUSED else "may"


@pytest.mark.parametrize("who", PEOPLE)
async def test_everybody_may_what_the_table_says(who: str, person: httpx.AsyncClient) -> None:
    last = ("leaveRoom", "joinRoom")  # they change who is in the room
    operations = sorted(OPERATIONS, key=lambda one: last.index(one.name) if one.name in last else -1)
    found = {operation.name: await ask(person, operation) for operation in operations}
    assert found == {operation.name: expected(operation, PEOPLE[who]) for operation in operations}


def expected(operation: Operation[Any], roles: frozenset[Role]) -> str:
    enough = MAY[operation.action]
    if enough & roles:
        return "may"
    if Role.STRANGER in roles:
        return "unauthenticated"
    return "room_forbidden" if Role.MEMBER in enough else "forbidden"
