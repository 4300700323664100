"""Unmodified Socket.IO clients behind one interface: npm's socket.io-client in Node.js, and python-socketio's."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

import aiohttp
import engineio
import socketio

JS = Path(__file__).parents[1] / "js" / "driver.mjs"
SECONDS = 20

TRANSPORTS: dict[str, list[str]] = {
    "websocket": ["websocket"],
    "polling": ["polling"],
    "upgrade": ["polling", "websocket"],
}


class Reports:
    """What a client noticed, in order; waited for by kind."""

    def __init__(self) -> None:
        self._reports: list[dict[str, Any]] = []
        self._changed = asyncio.Event()

    def put(self, report: dict[str, Any]) -> None:
        self._reports.append(report)
        self._changed.set()

    async def next(self, **wanted: Any) -> dict[str, Any]:
        """Take the first report that has these values."""
        async with asyncio.timeout(SECONDS):
            while True:
                for index, report in enumerate(self._reports):
                    if all(report.get(key) == value for key, value in wanted.items()):
                        return self._reports.pop(index)
                self._changed.clear()
                await self._changed.wait()

    def events(self) -> list[tuple[Any, ...]]:
        """Take all events that have arrived."""
        found = [(one["event"], *one["args"]) for one in self._reports if one["report"] == "event"]
        self._reports = [one for one in self._reports if one["report"] != "event"]
        return found


class Client(Protocol):
    """One socket in one namespace."""

    reports: Reports

    async def emit(self, event: str, *args: Any) -> None: ...

    async def ask(self, event: str, *args: Any, timeout_seconds: float | None = None) -> Any:
        """The answer: None, its one value, or a list of them. Raises TimeoutError."""
        ...

    async def disconnect(self) -> None: ...

    async def drop(self) -> None:
        """Close the transport as a lost network would; the client comes back by itself."""
        ...


async def event(client: Client, name: str) -> tuple[Any, ...]:
    """The arguments of the next event of this name."""
    return tuple((await client.reports.next(report="event", event=name))["args"])


class Driver:
    """A Node.js process with any number of socket.io-client sockets."""

    def __init__(self) -> None:
        node = shutil.which("node")
        assert node is not None, "Node.js is needed: socket.io-client is the client that counts"
        self._process = subprocess.Popen([node, str(JS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clients: dict[str, Reports] = {}
        self._ids = itertools.count()
        self._reset = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def add(self, reports: Reports) -> str:
        name = str(next(self._ids))
        self._clients[name] = reports
        return name

    def command(self, **command: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command, default=_packed).encode() + b"\n")
        self._process.stdin.flush()

    def reset(self) -> None:
        """Close all sockets."""
        self._loop = None
        self._clients.clear()
        self._reset.clear()
        self.command(do="reset")
        assert self._reset.wait(SECONDS)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(SECONDS)
        self._thread.join(SECONDS)
        self._process.stdout.close()

    def _read(self) -> None:
        for line in cast("Any", self._process.stdout):
            report = json.loads(line, object_hook=_unpacked)
            if report["report"] == "reset":
                self._reset.set()
            elif (loop := self._loop) is not None:
                loop.call_soon_threadsafe(self._deliver, report)

    def _deliver(self, report: dict[str, Any]) -> None:
        reports = self._clients.get(report["id"])
        if reports is not None:
            reports.put(report)


def _packed(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$bytes": base64.b64encode(value).decode()}
    raise TypeError


def _unpacked(value: dict[str, Any]) -> Any:
    return base64.b64decode(value["$bytes"]) if "$bytes" in value else value


class JsClient:
    """A socket of npm's socket.io-client."""

    def __init__(self, driver: Driver, url: str, namespace: str, options: Mapping[str, Any]) -> None:
        self.reports = Reports()
        self._driver = driver
        self._id = driver.add(self.reports)
        self._refs = itertools.count()
        options = dict(options)
        beside = options.pop("beside", None)
        self._manager: str = self._id if beside is None else beside._manager
        driver.command(
            do="open",
            id=self._id,
            url=url,
            namespace=namespace,
            manager=self._manager,
            answers=options.pop("answers", {}),
            options={"reconnectionDelay": 20, "randomizationFactor": 0, **options},
        )

    async def emit(self, event: str, *args: Any) -> None:
        self._driver.command(do="emit", id=self._id, args=[event, *args])

    async def ask(self, event: str, *args: Any, timeout_seconds: float | None = None) -> Any:
        ref = next(self._refs)
        command = {"do": "emit", "id": self._id, "args": [event, *args], "ref": ref}
        if timeout_seconds is not None:
            command["timeout"] = round(timeout_seconds * 1000)
        self._driver.command(**command)
        report = await self.reports.next(ref=ref)
        if report["report"] == "no answer":
            raise TimeoutError
        return _one(report["args"])

    async def disconnect(self) -> None:
        self._driver.command(do="disconnect", id=self._id)

    async def connect(self) -> None:
        """Come back after a goodbye."""
        self._driver.command(do="connect", id=self._id)

    async def drop(self) -> None:
        self._driver.command(do="drop", id=self._id)


class PythonClient:
    """A socket of python-socketio's AsyncClient."""

    def __init__(self, namespace: str, answers: Mapping[str, Any]) -> None:
        self.reports = Reports()
        self._namespace = namespace
        self._answers = answers
        self._sessions: list[aiohttp.ClientSession] = []
        self.sio = socketio.AsyncClient(
            reconnection_delay=0.02, reconnection_delay_max=0.1, randomization_factor=0, http_session=self._session
        )
        self._opening: asyncio.Task[None] | None = None
        on = self.sio.on
        on("connect", self._connected, namespace=namespace)
        on("connect_error", self._refused, namespace=namespace)
        on("disconnect", self._disconnected, namespace=namespace)
        on("*", self._event, namespace=namespace)

    def open(self, url: str, transports: Sequence[str], auth: Any) -> None:
        self._opening = asyncio.create_task(self._open(url, transports, auth))

    async def _open(self, url: str, transports: Sequence[str], auth: Any) -> None:
        with contextlib.suppress(socketio.exceptions.ConnectionError):  # its handler notes why
            await self.sio.connect(url, transports=list(transports), namespaces=[self._namespace], auth=auth)

    async def emit(self, event: str, *args: Any) -> None:
        await self.sio.emit(event, args, namespace=self._namespace)

    async def ask(self, event: str, *args: Any, timeout_seconds: float | None = None) -> Any:
        try:
            got = await self.sio.call(event, args, namespace=self._namespace, timeout=timeout_seconds or SECONDS)
        except socketio.exceptions.TimeoutError:
            raise TimeoutError from None
        return list(got) if isinstance(got, tuple) else got

    async def disconnect(self) -> None:
        await self.sio.disconnect()

    async def drop(self) -> None:
        if self.sio.transport() == "websocket":
            await self.sio.eio.ws.close()
        else:
            await self.sio.eio._send_packet(engineio.packet.Packet(engineio.packet.CLOSE))

    async def close(self) -> None:
        if self._opening is not None:
            await self._opening
        await self.sio.shutdown()
        await self._clear_away()

    async def _clear_away(self) -> None:
        """What the library forgets when the server ends the connection during an upgrade or a request."""
        engine = self.sio.eio
        loops = [loop for loop in (engine.write_loop_task, engine.read_loop_task) if loop is not None]
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        for session in self._sessions:
            await session.close()

    def _session(self) -> aiohttp.ClientSession:
        self._sessions.append(aiohttp.ClientSession())
        return self._sessions[-1]

    async def _connected(self) -> None:
        sid = self.sio.get_sid(self._namespace)
        self.reports.put({"report": "connect", "sid": sid, "recovered": False, "transport": self.sio.transport()})

    async def _refused(self, error: Any) -> None:
        error = error if isinstance(error, dict) else {"message": error}
        self.reports.put({"report": "connect_error", "message": error["message"], "data": error.get("data")})

    async def _disconnected(self, reason: str) -> None:
        self.reports.put({"report": "disconnect", "reason": reason})

    async def _event(self, event: str, *args: Any) -> Any:
        self.reports.put({"report": "event", "event": event, "args": list(args)})
        if event not in self._answers:
            return None
        answer = self._answers[event]
        return answer[0] if len(answer) == 1 else tuple(answer)


def _one(args: list[Any]) -> Any:
    return args[0] if len(args) == 1 else args or None
