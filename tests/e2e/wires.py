"""One user's commands over each wire: what to ask, and the code of the answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, cast
from urllib.parse import quote

import httpx
import msgspec
import socketio

from hubbub.client import Client, TransportChoice, WireChoice
from hubbub.errors import HubbubError
from hubbub.vocabulary import Command, CommandBase
from hubbub.vocabulary.declaration import tag_of
from hubbub.vocabulary.describe.rest import QUERY_METHODS, path_parameters
from hubbub.vocabulary.describe.schema import COMMANDS

Fields = dict[str, Any]

NAMES: Final = ["json", "msgpack", "sse", "polling", "socket.io", "socket.io over polling", "rest"]


class Asker(ABC):
    """Commands of a user who is in the room, as far as that wire knows of being in a room."""

    @abstractmethod
    async def ask(self, kind: str, **fields: Any) -> Fields:
        """What stands under `ok`, or the `code` of the error."""


class _Native(Asker):
    def __init__(self, client: Client) -> None:
        self._client = client

    async def ask(self, kind: str, **fields: Any) -> Fields:
        command = cast("CommandBase[msgspec.Struct]", msgspec.convert({"type": kind, **fields}, Command))
        try:
            return cast("Fields", msgspec.to_builtins(await self._client.ask(command)))
        except HubbubError as error:
            return {"code": error.code}


class _SocketIo(Asker):
    def __init__(self, client: socketio.AsyncClient) -> None:
        self._client = client

    async def ask(self, kind: str, **fields: Any) -> Fields:
        answer: Fields = await self._client.call(kind, fields)
        return answer["ok"] if "ok" in answer else {"code": answer["error"]["code"]}


class _Rest(Asker):
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def ask(self, kind: str, **fields: Any) -> Fields:
        rest = next(command.declared.rest for command in COMMANDS if tag_of(command) == kind)
        assert rest is not None
        place = {name: quote(str(fields.pop(name)), safe="") for name in path_parameters(rest.path)}
        given: Any = {"params": fields} if rest.method in QUERY_METHODS else {"json": fields}
        answer = await self._http.request(rest.method, f"/api/v1{rest.path.format_map(place)}", **given)
        body: Fields = answer.json() if answer.content else {}
        return {"code": body["error"]["code"]} if answer.is_error else body


@asynccontextmanager
async def asker(wire: str, url: str, token: str) -> AsyncIterator[Asker]:
    """Somebody signed in on this wire, one of `NAMES`."""
    if wire == "rest":
        async with httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {token}"}) as http:
            yield _Rest(http)
    elif wire.startswith("socket.io"):
        client = socketio.AsyncClient()
        await client.connect(url, auth={"token": token}, transports=["polling" if "polling" in wire else "websocket"])
        try:
            yield _SocketIo(client)
        finally:
            await client.disconnect()
    else:
        transport = wire if wire in {"sse", "polling"} else "websocket"
        form = "msgpack" if wire == "msgpack" else "json"
        async with Client(
            url, token, transport=cast("TransportChoice", transport), wire=cast("WireChoice", form)
        ) as client_of_hubbub:
            yield _Native(client_of_hubbub)
