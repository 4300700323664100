"""A client that stops reading, over a real socket: it costs a cursor, and misses nothing."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect

from hubbub.app import running
from hubbub.config import Config

MESSAGES = 600
TEXT = "x" * 16_000  # 9.6 MB in all: more than the kernel keeps for two sockets of this machine


async def counted(http: httpx.AsyncClient, name: str) -> int:
    found = re.search(rf"^hubbub_chat_{name}_total (\d+)", (await http.get("/metrics")).text, re.MULTILINE)
    assert found is not None
    return int(found[1])


async def test_it_becomes_a_cursor_and_is_caught_up_when_it_reads(tmp_path: Path) -> None:
    config = Config(data=str(tmp_path), port=0, write_buffer_bytes=16_384)
    async with running(config) as app, httpx.AsyncClient(base_url=app.url) as http:
        account = await http.post("/api/v1/accounts", json={"name": "ada", "password": "correct horse"})
        http.headers["authorization"] = f"Bearer {account.json()['token']}"
        await http.post("/api/v1/rooms", json={"room": "general"})
        address = urlsplit(app.url)
        link = socket.create_connection((address.hostname, address.port))
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        headers = {"authorization": http.headers["authorization"]}
        url = app.url.replace("http", "ws") + "/ws"
        async with connect(url, sock=link, additional_headers=headers, max_queue=4) as slow:
            await slow.recv()
            await slow.send(json.dumps({"type": "join", "ref": 1, "room": "general"}))
            await slow.recv()

            for number in range(MESSAGES):
                sent = {"text": TEXT, "nonce": str(number)}
                assert (await http.post("/api/v1/rooms/general/messages", json=sent)).status_code == 201
            assert await counted(http, "lagging") > await counted(http, "caught_up")

            seqs = [json.loads(await slow.recv())["seq"] for _ in range(MESSAGES)]
            assert seqs == list(range(3, 3 + MESSAGES))
            assert await counted(http, "replayed") > 0
            assert await counted(http, "caught_up") >= 1
            assert await counted(http, "too_slow") == 0
