"""An ordinary user's connection cuts what comes into frames."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator

import pytest

from hubbub.bench.attack.line import Line


@pytest.fixture
def ends() -> Iterator[tuple[Line, socket.socket, select.epoll]]:
    with socket.create_server(("127.0.0.1", 0)) as server, select.epoll() as epoll:
        line = Line(epoll, server.getsockname(), "127.0.0.9")
        there, address = server.accept()
        assert address[0] == "127.0.0.9"
        with there:
            yield line, there, epoll
        line.close()


def test_frames_come_whole_however_they_were_cut(ends: tuple[Line, socket.socket, select.epoll]) -> None:
    line, there, epoll = ends
    long = b"\x81\x7e" + (300).to_bytes(2, "big") + b"y" * 300
    longest = b"\x82\x7f" + (70_000).to_bytes(8, "big") + b"z" * 70_000
    data = b"\x81\x02hi" + long + b"\x89\x00" + longest
    found: list[tuple[int, bytes]] = []
    for begin in range(0, len(data), 997):
        there.sendall(data[begin : begin + 997])
        for _, mask in epoll.poll(5):
            line.handle(mask)
        found += line.frames()
    assert found == [(1, b"hi"), (1, b"y" * 300), (9, b""), (2, b"z" * 70_000)]
    assert line.received == b""


def test_what_does_not_go_out_at_once_goes_out_later(ends: tuple[Line, socket.socket, select.epoll]) -> None:
    line, there, epoll = ends
    there.settimeout(5)
    line.say(b"x" * 20_000_000)
    read = 0
    while read < 20_000_000:
        read += len(there.recv(1_000_000))
        for _, mask in epoll.poll(0):
            line.handle(mask)
    assert line.ended == ""


def test_the_end_is_noticed(ends: tuple[Line, socket.socket, select.epoll]) -> None:
    line, there, epoll = ends
    there.close()
    for _, mask in epoll.poll(5):
        line.handle(mask)
    assert line.ended == "closed"
