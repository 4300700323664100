"""Breaks and holds the connections of a client, as networks do."""

from __future__ import annotations

import asyncio
import os
from typing import cast

from hubbub.client.transport import Transport


def cut(transport: Transport) -> None:
    """End the TCP connections at once, without a goodbye of any protocol."""
    for socket in transport.sockets():
        cast("asyncio.WriteTransport", socket).abort()


def hang(transport: Transport) -> list[int]:
    """Leave the TCP connections open for the server, and never read or write them again, as when a cable is pulled.

    The client is rid of them: a second descriptor of its sockets keeps the kernel from ending them. Returns these.
    """
    held = [
        os.dup(socket.get_extra_info("socket").fileno()) for socket in transport.sockets() if not socket.is_closing()
    ]
    cut(transport)
    return held


def release(held: list[int]) -> None:
    """End what `hang` left open."""
    while held:
        os.close(held.pop())


def stop_reading(transport: Transport) -> None:
    """From now on the server's bytes stay in the kernel's buffers, then in the server's."""
    for socket in transport.sockets():
        cast("asyncio.ReadTransport", socket).pause_reading()


def read_on(transport: Transport) -> None:
    """Take what has come meanwhile."""
    for socket in transport.sockets():
        if not socket.is_closing():
            cast("asyncio.ReadTransport", socket).resume_reading()
