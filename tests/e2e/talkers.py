"""Clients of every kind, each in one room: they say texts and write down what they hear."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from abc import ABC, abstractmethod
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any, Final

import msgspec
import socketio
from playwright.async_api import Page, WebSocket, expect
from websockets.asyncio.client import ClientConnection, connect

from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS

JS = Path(__file__).parents[1] / "js"
PATIENCE_SECONDS: Final = 300.0
"""Until one of them gives up. Nothing lasts so long on a machine that is not overloaded."""

Heard = tuple[int, str, str]
"""seq, sender, text"""


class Talker(ABC):
    """One client. `heard` is in the order of arrival."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.heard: list[Heard] = []
        self.transports: set[str] = set()
        self._grown = asyncio.Event()

    @abstractmethod
    async def say(self, texts: list[str]) -> None:
        """Returns when all are acknowledged."""

    async def until(self, count: int, seconds: float = PATIENCE_SECONDS) -> None:
        """Return when so many messages have been heard."""
        try:
            async with asyncio.timeout(seconds):
                while len(self.heard) < count:
                    await self._grown.wait()
                    self._grown.clear()
        except TimeoutError:
            raise AssertionError(f"{self.name} heard {len(self.heard)} of {count}") from None

    async def close(self) -> None:  # noqa: B027  the browser is closed by its owner
        """Leave."""

    def note(self, event: dict[str, Any]) -> None:
        if event.get("type") == "message":
            self.heard.append((event["seq"], event["sender"], event["text"]))
            self._grown.set()


class RawTalker(Talker):
    """A bare `websockets` connection: nothing between it and the wire."""

    def __init__(self, name: str, socket: ClientConnection, room: str) -> None:
        super().__init__(name)
        self._socket = socket
        self._room = room
        self._acknowledged: asyncio.Queue[int] = asyncio.Queue()
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def join(cls, name: str, url: str, token: str, room: str) -> RawTalker:
        headers = {"Authorization": f"Bearer {token}"}
        socket = await connect(url.replace("http", "ws") + "/ws", additional_headers=headers)
        await socket.send(json.dumps({"type": "join", "ref": 0, "room": room}))
        talker = cls(name, socket, room)
        await talker._acknowledged.get()
        return talker

    async def _read(self) -> None:
        async for frame in self._socket:
            event = json.loads(frame)
            if event["type"] == "reply":
                assert "ok" in event, event
                self._acknowledged.put_nowait(event["ref"])
            self.note({**event, "room": self._room})

    async def say(self, texts: list[str]) -> None:
        for number, text in enumerate(texts, 1):
            body = {"type": "send", "ref": number, "room": self._room, "text": text, "nonce": text}
            await self._socket.send(json.dumps(body))
            assert await self._acknowledged.get() == number

    async def close(self) -> None:
        await self._socket.close()
        await self._reader


class PythonSocketIoTalker(Talker):
    """python-socketio's own client."""

    def __init__(self, name: str, client: socketio.AsyncClient, room: str) -> None:
        super().__init__(name)
        self._client = client
        self._room = room
        client.on("message", lambda event: self.note({"type": "message", **event}))

    @classmethod
    async def join(cls, name: str, url: str, token: str, room: str) -> PythonSocketIoTalker:
        client = socketio.AsyncClient()
        talker = cls(name, client, room)
        await client.connect(url, auth={"token": token})
        assert "ok" in await client.call("join", {"room": room})
        talker.transports.add(client.transport())
        return talker

    async def say(self, texts: list[str]) -> None:
        for text in texts:
            reply = await self._client.call("send", {"room": self._room, "text": text, "nonce": text})
            assert "ok" in reply, reply

    async def close(self) -> None:
        await self._client.disconnect()


class ProcessTalker(Talker):
    """A program that says its standard input and prints what it hears as JSON lines."""

    def __init__(self, name: str, process: Process) -> None:
        super().__init__(name)
        self._process = process
        self.acknowledged: dict[str, int] = {}
        self.ready = asyncio.Event()
        self._sent = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            event = json.loads(line)
            if event["type"] == "sent":
                self.acknowledged[event["text"]] = event["seq"]
                self._sent.set()
            elif event["type"] == "joined":
                self.ready.set()
            else:
                assert event["type"] in {"message", "member_joined", "member_left", "connect_error"}, event
                self.transports.add(event.get("transport", ""))
                self.note(event)
        self._sent.set()

    async def say(self, texts: list[str]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("".join(f"{text}\n" for text in texts).encode())
        while not set(texts) <= self.acknowledged.keys():
            assert not self._reader.done(), f"{self.name} has ended"
            await self._sent.wait()
            self._sent.clear()

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader


async def socket_io_js(name: str, url: str, token: str, room: str, *transports: str) -> ProcessTalker:
    """The npm client, on these transports."""
    process = await asyncio.create_subprocess_exec(
        "node", "talker.mjs", url, token, room, ",".join(transports), cwd=JS, stdin=PIPE, stdout=PIPE
    )
    talker = ProcessTalker(name, process)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await talker.ready.wait()
    return talker


class TerminalTalker(ProcessTalker):
    """`hubbub tail --json` hears, `hubbub send ROOM -` says."""

    def __init__(self, name: str, process: Process, environment: dict[str, str], room: str) -> None:
        super().__init__(name, process)
        self._environment = environment
        self._room = room

    @classmethod
    async def join(cls, name: str, url: str, token: str, room: str) -> TerminalTalker:
        environment = {**os.environ, "HUBBUB_TOKEN": token, "HUBBUB_URL": url}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "hubbub",
            "tail",
            "--json",
            "--url",
            url,
            room,
            env=environment,
            stdout=PIPE,
            stdin=PIPE,
        )
        return cls(name, process, environment, room)

    async def say(self, texts: list[str]) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "hubbub", "send", "--url", self._environment["HUBBUB_URL"], self._room, "-"),
            env=self._environment,
            stdin=PIPE,
            stdout=PIPE,
        )
        await process.communicate("".join(f"{text}\n" for text in texts).encode())
        assert process.returncode == 0


class BrowserTalker(Talker):
    """A person at the browser app: types, and reads what the page's WebSocket brings."""

    def __init__(self, name: str, page: Page) -> None:
        super().__init__(name)
        self.page = page
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.note(_decoded(frame)))

    async def say(self, texts: list[str]) -> None:
        composer = self.page.get_by_role("textbox", name="Message")
        for text in texts:  # the page is busy with what the others say
            await composer.fill(text, timeout=1000 * PATIENCE_SECONDS)
            await composer.press("Enter", timeout=1000 * PATIENCE_SECONDS)
        unsent = self.page.locator(".row-queued, .row-sending, .row-failed")
        await expect(unsent).to_have_count(0, timeout=1000 * PATIENCE_SECONDS)


def _decoded(frame: str | bytes) -> dict[str, Any]:
    """An object of either encoding of the native wire."""
    if isinstance(frame, str):
        return dict(json.loads(frame))
    names = {key: name for name, key in FIELD_KEYS.items()}
    types = {key: name for name, key in TYPE_KEYS.items()}
    packed = msgspec.msgpack.decode(frame, type=dict[int, Any])
    return {names[key]: types[value] if key == 0 else value for key, value in packed.items()}
