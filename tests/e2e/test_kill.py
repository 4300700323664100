"""kill -9 in the middle of sends: nothing acknowledged is missing, nothing shows twice, no hole, no help needed."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from hubbub.client import Api, Client
from hubbub.vocabulary import Message

from .talkers import socket_io_js

SENDS = 1000
KILLS = 3


class Server:
    """`hubbub serve` on one port and one directory, again and again."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hubbub", "serve", "--port", str(self.port), "--data", str(self._folder)),
            stdout=PIPE,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(30):
            await self._process.stdout.readline()

    async def kill(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = Server(tmp_path)
    await server.start()
    yield server
    await server.kill()


async def test_nothing_acknowledged_is_lost_and_nothing_shows_twice(server: Server) -> None:
    ada = await Api(server.url).sign_up("ada", "correct horse")
    bob = await Api(server.url).sign_up("bob", "correct horse")
    eve = await Api(server.url).sign_up("eve", "correct horse")
    acknowledged: dict[str, int] = {}
    seen: list[tuple[int, str]] = []
    async with Client(server.url, ada.token) as sender, Client(server.url, bob.token) as reader:
        await sender.create_room("general")
        await sender.join("general")
        await reader.join("general")
        script = await socket_io_js("eve", server.url, eve.token, "general", "websocket")

        async def read() -> None:
            async for event in reader.events():
                if isinstance(event, Message):
                    seen.append((event.seq, event.text))

        async def send(number: int) -> None:
            sent = await sender.send("general", f"m{number}")
            acknowledged[f"m{number}"] = sent.seq

        reading = asyncio.create_task(read())
        saying = asyncio.create_task(script.say([f"js{n}" for n in range(100)]))
        sending: list[asyncio.Task[None]] = []
        for number in range(SENDS):
            sending.append(asyncio.create_task(send(number)))
            if number % (SENDS // KILLS) == SENDS // KILLS // 2:
                while len(acknowledged) < number // 2:  # noqa: ASYNC110  in the middle: some done, some on their way
                    await asyncio.sleep(0)
                await server.kill()
                await server.start()
        async with asyncio.timeout(60):
            await asyncio.gather(*sending)
            await saying
        await script.until(SENDS + 100)
        while len(seen) < SENDS + 100:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        reading.cancel()
        async with httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {ada.token}"}) as http:
            stored: list[dict[str, object]] = []
            while True:
                after = stored[-1]["seq"] if stored else 0
                page = (await http.get(f"/api/v1/rooms/general/events?after={after}&limit=200")).json()
                stored += page["events"]
                if not page["more"]:
                    break
        await script.close()

    assert [event["seq"] for event in stored] == list(range(1, len(stored) + 1)), "a hole in seq"
    messages = [(event["seq"], event["text"]) for event in stored if event["type"] == "message"]
    assert len(messages) == SENDS + 100, "lost or stored twice"
    log = {text: seq for seq, text in messages}
    assert {text: log[str(text)] for text in acknowledged} == acknowledged
    assert {text: log[text] for text in script.acknowledged} == script.acknowledged
    assert seen == messages, "a reader saw something else than the log"
    assert [(seq, text) for seq, _, text in script.heard] == messages
