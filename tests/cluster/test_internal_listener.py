"""The internal listener: for nodes only, and never a way to a third node."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import httpx
import msgspec
import pytest

from hubbub.app import Application
from hubbub.cluster.address import InternalListenerError, listen, same_machine, split
from hubbub.cluster.node_secret import SECRET, NodeSecret, passed_on
from hubbub.store.settings import Setting

Pair = tuple[Application, Application]


def listener_of(node: Application) -> str:
    assert node.member is not None
    return node.member.nodes.address


def at(listener: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=listener), base_url="http://node")


async def secret_of(node: Application) -> dict[str, str]:
    """As the store has it."""
    import asyncpg

    connection = await asyncpg.connect(node.config.database)
    try:
        body = await connection.fetchval(
            "SELECT body FROM records WHERE collection = 'settings' AND body::json ->> 'key' = 'node_secret'"
        )
        return {SECRET.decode(): msgspec.json.decode(body, type=Setting).value}
    finally:
        await connection.close()


async def test_nobody_enters_without_the_secret(nodes: Pair) -> None:
    async with at(listener_of(nodes[0])) as listener:
        for headers in ({}, {SECRET.decode(): ""}, {SECRET.decode(): "guessed"}):
            for path in ("/poll", "/metrics", "/socket.io/?EIO=4&transport=polling"):
                assert (await listener.get(path, headers=headers)).status_code == 403
        assert (await listener.get("/metrics", headers=await secret_of(nodes[0]))).status_code == 200


async def test_no_websocket_either(nodes: Pair) -> None:
    reader, writer = await asyncio.open_unix_connection(listener_of(nodes[0]))
    writer.write(
        b"GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert (await reader.read()).startswith(b"HTTP/1.1 403 ")
    writer.close()


async def test_a_forwarded_request_is_not_forwarded_again(nodes: Pair) -> None:
    """Two nodes that take each other for the owner would else send it to and fro for ever."""
    member = nodes[1].member
    assert member is not None
    headers = await secret_of(nodes[0])
    async with at(listener_of(nodes[0])) as listener:
        answer = await listener.get(f"/poll/{member.nodes.node}.secret", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_connection")
    assert member.traffic.answered == 0


async def test_the_public_port_believes_no_headers_of_nodes(nodes: Pair) -> None:
    headers = {**await secret_of(nodes[0]), "x-hubbub-peer": "9.9.9.9"}
    async with httpx.AsyncClient(base_url=nodes[0].url) as public:
        assert (await public.get("/poll", headers=headers)).status_code == 200
    assert nodes[0].member is not None
    assert nodes[0].member.traffic.answered == 0


def test_what_only_nodes_say_is_not_passed_on_from_a_client() -> None:
    secret = NodeSecret("s")
    own = secret.headers("1.2.3.4", secure=True)
    kept = [(b"host", b"chat.example.org"), (b"origin", b"https://chat.example.org")]
    assert passed_on([*kept, *own, (b"connection", b"close"), (b"content-length", b"5")]) == kept
    assert secret.fits(b"s")
    assert not secret.fits(b"")
    assert "s'" not in repr(secret)


async def test_only_its_owner_may_look_at_the_sockets_and_a_stopped_node_leaves_none(nodes: Pair) -> None:
    listener = Path(listener_of(nodes[0]))
    assert stat.S_IMODE(listener.parent.stat().st_mode) == 0o700
    await nodes[0].stop()
    assert not listener.exists()


def test_a_socket_of_a_killed_node_is_cleared_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    first, path = listen("", "first")
    second, other = listen("", "second")
    assert Path(path).exists()
    first.close()
    third, _ = listen("", "third")
    assert not Path(path).exists()
    assert Path(other).exists()
    second.close()
    third.close()


def test_a_folder_that_others_can_use_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / f"hubbub-{os.geteuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(InternalListenerError, match="not a directory of our own"):
        listen("", "node")


def test_an_address_for_several_machines() -> None:
    listener, where = listen("127.0.0.1:0", "node")
    with listener:
        assert where == f"127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(InternalListenerError, match="Address already in use"):
            listen(where, "other")
    with pytest.raises(InternalListenerError):
        listen("192.0.2.1:1", "node")
    assert split("[::1]:80") == ("::1", 80)
    assert same_machine("10.0.0.1:80", "10.0.0.1:81")
    assert not same_machine("10.0.0.1:80", "10.0.0.2:80")
    assert same_machine("/tmp/a.sock", "/tmp/b.sock")
    with pytest.raises(ValueError, match="x"):
        split("x")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /poll?" + b"a" * 10_000, b"414"),
        (b"GET /poll HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 20_000, b"431"),
        (b"GET /poll HTTP/1.1\r\nhost: x\r\n" + b"x: y\r\n" * 200 + b"\r\n", b"431"),
        (b"GET /poll HTTP/1.1\r\n\r\n", b"400"),
    ],
)
async def test_it_has_the_limits_of_the_public_port(nodes: Pair, head: bytes, status: bytes) -> None:
    reader, writer = await asyncio.open_unix_connection(listener_of(nodes[0]))
    writer.write(head)
    async with asyncio.timeout(10):
        assert (await reader.read()).startswith(b"HTTP/1.1 " + status)
    writer.close()


async def test_what_a_client_may_send_passes_to_the_other_node(nodes: Pair) -> None:
    """A node adds headers of its own to a request that is as large as one may be."""
    async with httpx.AsyncClient(base_url=nodes[0].url) as here, httpx.AsyncClient(base_url=nodes[1].url) as there:
        key = (await here.get("/poll")).json()["key"]
        few = {f"x-{number}": "y" for number in range(90)}
        large = {"x": "y" * 16_000}
        for headers in (few, large):
            assert (await there.post(f"/poll/{key}", content=b"", headers=headers)).status_code == 202
