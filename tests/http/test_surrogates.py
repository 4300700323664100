"""Half a surrogate pair, which JavaScript's `slice` makes, by REST and on every wire: what is stored is Unicode."""

from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec
import socketio
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from hubbub.app import Application
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS

HALF = "half \ud83d, whole \U0001f600"
JOIN = '{"type":"join","room":"general"}'
STORED = "half \ufffd, whole \U0001f600"


async def _by_rest(server: Application, token: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as client:
        body = json.dumps({"text": HALF, "nonce": "rest"})  # httpx itself refuses to encode it
        headers = {"content-type": "application/json"}
        answer = await client.post("/api/v1/rooms/general/messages", content=body, headers=headers)
        assert answer.status_code == 201


async def _by_polling(server: Application, token: str) -> None:
    async with httpx.AsyncClient(base_url=server.url, headers={"authorization": f"Bearer {token}"}) as client:
        key = (await client.get("/poll")).json()["key"]
        command = {"type": "send", "ref": "r", "room": "general", "text": HALF, "nonce": "poll"}
        body = JOIN + "\n" + json.dumps(command)
        assert (await client.post(f"/poll/{key}", content=body)).status_code == 202
        heard: list[dict[str, Any]] = []
        while not (replies := [one for one in heard if one.get("ref") == "r"]):
            heard = (await client.get(f"/poll/{key}")).json()
        assert "ok" in replies[0]
        await client.delete(f"/poll/{key}")


async def _by_socket(server: Application, token: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    async with connect(server.url.replace("http", "ws") + "/ws", additional_headers=headers) as socket:
        await socket.send(JOIN)
        await socket.send(json.dumps({"type": "send", "ref": 5, "room": "general", "text": HALF, "nonce": "raw"}))
        while (reply := json.loads(await socket.recv())).get("ref") != 5:
            pass
        assert "ok" in reply


async def _by_compact(server: Application, token: str) -> None:
    headers = {"authorization": f"Bearer {token}"}
    wire, keys = Subprotocol("hubbub.v1.msgpack"), FIELD_KEYS
    url = server.url.replace("http", "ws") + "/ws"
    async with connect(url, additional_headers=headers, subprotocols=[wire]) as socket:
        await socket.send(msgspec.msgpack.encode({keys["type"]: TYPE_KEYS["join"], keys["room"]: "general"}))
        text = HALF.encode("utf-8", "surrogatepass")
        command = {keys["type"]: TYPE_KEYS["send"], keys["ref"]: 6, keys["room"]: "general", keys["nonce"]: "compact"}
        packed = msgspec.msgpack.encode(command)
        await socket.send(bytes([packed[0] + 1]) + packed[1:] + bytes([keys["text"], 0xA0 | len(text)]) + text)
        reply: dict[int, object] = {}
        while reply.get(keys["ref"]) != 6:
            reply = msgspec.msgpack.decode(await socket.recv(decode=False), type=dict[int, object])
        assert keys["ok"] in reply


async def _by_socketio(server: Application, token: str, transport: str) -> None:
    async with socketio.AsyncSimpleClient() as client:
        await client.connect(server.url, auth={"token": token, "name": "\udc00"}, transports=[transport])
        await client.call("join", {"room": "general"})
        reply = await client.call("send", {"room": "general", "text": HALF, "nonce": transport})
        assert "ok" in reply


async def test_it_is_stored_as_a_replacement_whatever_carried_it(server: Application, ada: httpx.AsyncClient) -> None:
    await ada.post("/api/v1/rooms", json={"room": "general"})
    token = ada.headers["authorization"].removeprefix("Bearer ")
    await _by_rest(server, token)
    await _by_polling(server, token)
    await _by_socket(server, token)
    await _by_compact(server, token)
    await _by_socketio(server, token, "polling")
    await _by_socketio(server, token, "websocket")
    events = (await ada.get("/api/v1/rooms/general/events")).json()["events"]
    assert [one["text"] for one in events if one["type"] == "message"] == [STORED] * 6
