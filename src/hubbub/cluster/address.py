"""Where a node's internal listener is: "host:port", or the path of a Unix socket for nodes on the same machine.

A path is the default because it can't be mistaken: on another machine, and in another container, there is nothing at
it, whereas a port on loopback may be somebody else's.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

CONNECT_SECONDS: Final = 2.0
_BACKLOG: Final = 1024


class NodeUnreachable(Exception):
    """The other node did not answer. It may have acted all the same."""


class InternalListenerError(Exception):
    """The internal listener can't be opened. The message is for the operator."""


async def connect(loop: asyncio.AbstractEventLoop, protocol: Callable[[], asyncio.BaseProtocol], address: str) -> None:
    """Connect a protocol to the listener at `address`. Raises NodeUnreachable."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            if address.startswith("/"):
                await loop.create_unix_connection(protocol, address)
            else:
                await loop.create_connection(protocol, *split(address))
    except OSError as error:  # a TimeoutError is one
        raise NodeUnreachable from error


def listen(address: str, name: str) -> tuple[socket.socket, str]:
    """A listening socket, and the address to announce.

    Args:
        address: host:port; empty: a Unix socket.
        name: unique among nodes; names the Unix socket.

    Raises:
        InternalListenerError: the address is in use, not of this machine, or not to be trusted.
    """
    try:
        if address:
            host, port = split(address)
            listener = socket.create_server((host, port), family=_family(host, port), backlog=_BACKLOG)
            given = listener.getsockname()[1]
            where = f"[{host}]:{given}" if ":" in host else f"{host}:{given}"
        else:
            where = str(_folder() / f"{name}.sock")
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(where)
            listener.listen(_BACKLOG)
    except OSError as error:
        raise InternalListenerError(
            f"can't listen on {address or 'a Unix socket'}: {error.strerror or error}"
        ) from error
    listener.setblocking(False)  # noqa: FBT003
    return listener, where


def leave(address: str) -> None:
    """Remove what is left of a closed listener."""
    if address.startswith("/"):
        Path(address).unlink(missing_ok=True)


def same_machine(one: str, other: str) -> bool:
    """Whether two listeners are on one machine, as far as their addresses tell."""
    return _host(one) == _host(other)


def split(address: str) -> tuple[str, int]:
    """Host and port; an IPv6 address stands in brackets. Raises ValueError."""
    host, _, port = address.rpartition(":")
    if not host or not 0 <= int(port) <= 65535:
        raise ValueError(address)
    return host.removeprefix("[").removesuffix("]"), int(port)


def _host(address: str) -> str:
    return "" if address.startswith("/") else split(address)[0]


def _family(host: str, port: int) -> socket.AddressFamily:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]


def _folder() -> Path:
    """A directory that nobody else can look into, without the sockets of nodes that were killed."""
    folder = Path(tempfile.gettempdir()) / f"hubbub-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise InternalListenerError(f"{folder} is not a directory of our own that only we can use")
    for left in folder.glob("*.sock"):
        if not _answers(left):
            left.unlink(missing_ok=True)
    return folder


def _answers(path: Path) -> bool:
    """Whether a process listens there. A full backlog is one that does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)  # noqa: FBT003
        return probe.connect_ex(str(path)) not in {errno.ECONNREFUSED, errno.ENOENT}
