"""HTTP clients of a whole running server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from hubbub.app import Application

PASSWORD = "correct horse"

SignUp = Callable[[str], Awaitable[httpx.AsyncClient]]
"""Makes an account of this name; the client acts as it by a bearer token. The first one is administrator."""


@pytest.fixture
async def http(server: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A client that nobody knows."""
    async with httpx.AsyncClient(base_url=server.url) as client:
        yield client


@pytest.fixture
async def as_user(server: Application, http: httpx.AsyncClient) -> AsyncIterator[SignUp]:
    clients: list[httpx.AsyncClient] = []

    async def make(name: str) -> httpx.AsyncClient:
        answer = await http.post("/api/v1/accounts", json={"name": name, "password": PASSWORD})
        assert answer.status_code == 201
        headers = {"authorization": f"Bearer {answer.json()['token']}"}
        clients.append(httpx.AsyncClient(base_url=server.url, headers=headers))
        return clients[-1]

    yield make
    for client in clients:
        await client.aclose()


@pytest.fixture
async def ada(as_user: SignUp) -> httpx.AsyncClient:
    """The administrator."""
    return await as_user("ada")


@pytest.fixture
async def bob(ada: httpx.AsyncClient, as_user: SignUp) -> httpx.AsyncClient:
    """Somebody else."""
    return await as_user("bob")


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an answer that is an error, after a look at its form."""
    body: dict[str, Any] = answer.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() - {"retry_after_seconds"} == {"code", "message", "retryable"}
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, body["error"]["code"]
