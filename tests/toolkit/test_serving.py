"""A server by itself, and beside applications of other frameworks on one port."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from litestar import Litestar, get
from litestar.params import FromPath
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from websockets.asyncio.client import connect

from hubbub.realtime import Server, Socket, serve, serving

from .clients import event
from .conftest import Stage
from .raw import hear, say

LIFE: list[str] = []


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    LIFE.append("begin")
    yield
    LIFE.append("end")


def starlette(server: Server) -> Any:
    async def news(request: Request) -> PlainTextResponse:
        server.emit("news", request.path_params["what"])
        return PlainTextResponse("told")

    return Starlette(routes=[Route("/news/{what}", news)], lifespan=lifespan)


def fastapi(server: Server) -> Any:
    app = FastAPI(lifespan=lifespan)

    @app.get("/news/{what}")
    async def news(what: str) -> str:
        server.emit("news", what)
        return "told"

    return app


def litestar(server: Server) -> Any:
    @get("/news/{what:str}")
    async def news(what: FromPath[str]) -> str:
        server.emit("news", what)
        return "told"

    return Litestar([news], lifespan=[lifespan])


@pytest.mark.parametrize("make", [starlette, fastapi, litestar])
async def test_beside_an_application_on_one_port(stage: Stage, make: Any) -> None:
    """Its routes emit to real-time clients on every transport; its lifespan runs around all connections."""
    LIFE.clear()
    server = Server()
    server.on("connect")(lambda socket: LIFE.append("connect"))
    async with serving(server, make(server), grace_seconds=1) as port:
        stage.server, stage.port = server, port
        clients = [await stage.connect("js", transport) for transport in ("websocket", "polling")]
        raw = await stage.raw()
        async with httpx.AsyncClient(base_url=stage.url) as http:
            response = await http.get("/news/rain")
            assert (response.status_code, response.text.strip('"')) == (200, "told")
            assert (await http.get("/elsewhere")).status_code == 404
        for client in clients:
            assert await event(client, "news") == ("rain",)
        assert await hear(raw) == {"type": "news", "args": ["rain"]}
        await raw.close()
    assert LIFE == ["begin", "connect", "connect", "connect", "end"]


async def test_an_application_that_cannot_start_ends_it() -> None:
    @asynccontextmanager
    async def broken(app: Any) -> AsyncIterator[None]:
        if isinstance(app, Starlette):
            raise KeyError("no database")
        yield

    with pytest.raises(RuntimeError, match="can't start"):
        await serving(Server(), Starlette(lifespan=broken), log_level="critical").__aenter__()


async def test_a_port_that_is_taken(capfd: pytest.CaptureFixture[str]) -> None:
    async with serving(Server()) as port:
        with pytest.raises(RuntimeError, match="can't start"):
            await serve(Server(), port=port)
    assert "address already in use" in capfd.readouterr().err


async def test_by_itself_there_is_nothing_else() -> None:
    async with serving(Server()) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        assert (await http.get("/")).status_code == 404
        assert (await http.get("/socket.io/?EIO=4&transport=polling")).status_code == 200
        assert (await http.get("/ws")).status_code == 404


async def test_a_stopped_server_lets_go_of_polls_and_handlers_come_to_their_end(stage: Stage) -> None:
    steps: list[str] = []
    server = Server()

    @server.event
    async def disconnect(socket: Socket, reason: str) -> None:
        await asyncio.sleep(0)
        steps.append(reason)

    async with serving(server, grace_seconds=5) as port:
        stage.port = port
        await stage.connect("js", "polling", reconnection=False)
        await stage.connect("js", "websocket", reconnection=False)
    assert sorted(steps) == ["server shutting down"] * 2


HEAD = b"POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n"


@pytest.mark.parametrize("said", [b"", HEAD, HEAD + b"\r\n42"], ids=["nothing", "half a head", "half a body"])
async def test_a_stopped_server_leaves_no_connection_open(said: bytes) -> None:
    async with serving(Server(), grace_seconds=0.1) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        await writer.drain()
        async with httpx.AsyncClient() as http:  # what was said has been read by now
            await http.get(f"http://127.0.0.1:{port}/")
    try:
        async with asyncio.timeout(5):
            await reader.read()
    except ConnectionResetError:
        pass
    writer.close()


async def test_a_server_can_be_opened_again() -> None:
    server = Server()
    server.on("hi")(lambda socket: "hi")
    with pytest.raises(RuntimeError, match="not running"):
        server.emit("too early")
    for _ in range(2):
        async with serving(server) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            assert (await http.get("/socket.io/?EIO=4&transport=polling")).status_code == 200
            assert not server.sockets


async def test_cancelling_serve_stops_it() -> None:
    started: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(Server(), port=0, on_started=started.set_result))
    port = await started
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(OSError, match=r"Connect|refused"):
        await asyncio.open_connection("127.0.0.1", port)


async def test_tls_options_pass_through(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    process = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"),
        *("-keyout", key, "-out", certificate, "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
        stderr=subprocess.DEVNULL,
    )
    assert await process.wait() == 0
    trust = ssl.create_default_context(cafile=str(certificate))
    server = Server()
    server.on("secure?")(lambda socket: socket.handshake.secure)
    async with (
        serving(server, ssl_certfile=str(certificate), ssl_keyfile=str(key)) as port,
        connect(f"wss://localhost:{port}/ws", ssl=trust) as client,
    ):
        await say(client, "secure?", ref=1)
        assert (await hear(client))["args"] == [True]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_run_ends_by_a_signal_with_clients_connected(stage: Stage, tmp_path: Path, how: signal.Signals) -> None:
    program = tmp_path / "program.py"
    program.write_text("from hubbub.realtime import Server, run\nrun(Server(), port=0)\nprint('ended')\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    assert process.stderr is not None
    line = (await process.stdout.readline()).decode()
    assert line.startswith("http://127.0.0.1:")
    stage.port = int(line.rsplit(":", 1)[1])
    await stage.connect("js", "polling", reconnection=False)
    await stage.connect("js", "websocket", reconnection=False)
    process.send_signal(how)
    async with asyncio.timeout(10):
        assert await process.wait() == (0 if how is signal.SIGINT else -signal.SIGTERM)
    assert (await process.stdout.read()).decode() == ("ended\n" if how is signal.SIGINT else "")
    assert (await process.stderr.read()) == b""
