"""A whole server with a Redis bus: readiness, metrics, and a start that fails in one line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from hubbub.app import running
from hubbub.config import Config
from hubbub.run.listening import StartError
from tests.support.redis import RedisServer, free_port


def config(folder: Path, bus: str) -> Config:
    return Config(port=0, data=str(folder / "data"), bus=bus, shutdown_grace_seconds=0.0)


def sample(page: str, name: str) -> str:
    """Its value; the label says which node's it is."""
    [line] = [line for line in page.splitlines() if line.startswith(f"{name}{{node=")]
    return line.rpartition(" ")[2]


async def readiness(http: httpx.AsyncClient) -> tuple[int, str]:
    answer = await http.get("/readyz")
    return answer.status_code, answer.json()["checks"]["bus"]


async def test_a_server_is_ready_exactly_while_its_redis_answers(redis_server: RedisServer, tmp_path: Path) -> None:
    async with (
        running(config(tmp_path, redis_server.url)) as app,
        httpx.AsyncClient(base_url=app.url, timeout=20) as http,
    ):
        assert await readiness(http) == (200, "ok")
        redis_server.pause()
        assert await readiness(http) == (503, "timeout")
        redis_server.kill()
        assert await readiness(http) == (503, "timeout")
        assert (await http.get("/livez")).status_code == 200
        assert sample((await http.get("/metrics")).text, "hubbub_bus_connected") == "0.0"
        redis_server.start()
        async with asyncio.timeout(20):
            while await readiness(http) != (200, "ok"):  # noqa: ASYNC110  it has to be asked
                await asyncio.sleep(0.05)
        text = (await http.get("/metrics")).text
    assert sample(text, "hubbub_bus_connected") == "1.0"
    assert sample(text, "hubbub_bus_reconnects_total") == "1.0"


@pytest.mark.parametrize(
    ("bus", "line"),
    [
        ("redis://:secret@127.0.0.1:{port}", r"bus: 127\.0\.0\.1:{port} can't be used: .*refused"),
        ("redis+sentinel://:secret@127.0.0.1:{port}", r"bus: a sentinel address ends with the master's name: .*"),
        ("unix:///no/such/socket", r"bus: /no/such/socket can't be used: .*No such file or directory"),
    ],
)
async def test_a_bus_that_can_t_be_used_prevents_the_start(tmp_path: Path, bus: str, line: str) -> None:
    port = free_port()
    with pytest.raises(StartError, match=line.format(port=port)) as raised:
        async with running(config(tmp_path, bus.format(port=port))):
            pass
    assert "secret" not in str(raised.value)
