"""From an address to connections: one to a server or a sentinel's master, one to each primary of a cluster."""

from __future__ import annotations

import asyncio
import binascii
import ssl
from collections.abc import Callable
from typing import Any, Final

from .address import Address, Endpoint
from .connection import Connection, ServerError

_SLOTS: Final = 16_384  # Redis cluster specification, "Key distribution model"
CONNECT_SECONDS: Final = 5.0

NewConnection = Callable[[], Connection]


class DialError(Exception):
    """Nobody useful was reached. The text is for the operator."""


class Session:
    """Connections that were made together. The first that is lost ends all: what each shard has is read anew.

    Attributes:
        sharded: whether SPUBLISH and SSUBSCRIBE are to be used.
        lost: the reason, once it is.
    """

    def __init__(self, connections: list[Connection], slots: list[Connection] | None = None) -> None:
        self._connections = connections
        self._slots = slots
        self.sharded = slots is not None
        self.lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        for connection in connections:
            connection.watch()
            connection.lost.add_done_callback(self._lose)

    def of(self, channel: bytes) -> Connection:
        """The connection to the server that has the channel."""
        if self._slots is None:
            return self._connections[0]
        return self._slots[slot_of(channel)]

    @property
    def unanswered(self) -> int:
        """Publications of which nobody knows whether a server got them."""
        return sum(connection.unanswered for connection in self._connections)

    async def settled(self) -> None:
        """Wait until everything told so far has been done. Raises ConnectionError, ServerError."""
        for connection in self._connections:
            await connection.call("PING")

    def end(self, reason: str) -> None:
        """Abort all of it."""
        for connection in self._connections:
            connection.end(reason)

    async def close(self, seconds: float) -> None:
        """Write what waits, for at most so long."""
        await asyncio.gather(*(connection.close(seconds) for connection in self._connections))

    def _lose(self, connection: asyncio.Future[str]) -> None:
        if not self.lost.done():
            self.lost.set_result(connection.result())


def slot_of(channel: bytes) -> int:
    """The cluster's hash slot of a channel: of what is in its first braces, if anything is."""
    start = channel.find(b"{")
    if start >= 0:
        end = channel.find(b"}", start + 1)
        if end > start + 1:
            channel = channel[start + 1 : end]
    return binascii.crc_hqx(channel, 0) % _SLOTS


async def dial(address: Address, new: NewConnection) -> Session:
    """All connections, ready for use. Raises DialError within a few seconds."""
    reasons = []
    for endpoint in address.endpoints:
        made: list[Connection] = []
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await _session(address, endpoint, new, made)
        except TimeoutError:
            reasons.append(f"{endpoint} did not answer")
        except DialError as error:
            reasons.append(str(error))
        except OSError as error:
            reasons.append(f"{endpoint}: {error.strerror or error}")
        except ServerError as error:
            reasons.append(f"{endpoint}: {error}")
        except (AttributeError, LookupError, TypeError, ValueError):
            reasons.append(f"{endpoint} does not answer like a Redis")
        except BaseException:
            _abort(made)
            raise
        _abort(made)
    raise DialError("; ".join(reasons))


def _abort(connections: list[Connection]) -> None:
    for connection in connections:
        connection.end("not needed")


async def _session(address: Address, endpoint: Endpoint, new: NewConnection, made: list[Connection]) -> Session:
    if address.kind == "sentinel":
        endpoint = await _master(address, endpoint, new, made)
    connection, hello = await _connect(address, endpoint, new, made)
    if address.kind == "sentinel" and hello.get(b"role") != b"master":
        raise DialError(f"{endpoint} is not the master of {address.master} at the moment")
    if hello.get(b"mode") != b"cluster":
        if address.kind == "cluster":
            raise DialError(f"{endpoint} is not part of a cluster")
        return Session([connection])
    if int(hello.get(b"version", b"0").split(b".")[0]) < 7:  # no sharded pub/sub: any node passes everything to all
        return Session([connection])
    return await _cluster(address, endpoint, connection, new, made)


async def _master(address: Address, endpoint: Endpoint, new: NewConnection, made: list[Connection]) -> Endpoint:
    sentinel = await _open(address, endpoint, new, made)
    if address.sentinel_password:
        await sentinel.call("AUTH", address.sentinel_user or "default", address.sentinel_password)
    found = await sentinel.call("SENTINEL", "get-master-addr-by-name", address.master)
    made.remove(sentinel)
    sentinel.end("not needed any more")
    if not found:
        raise DialError(f"{endpoint} knows no master {address.master}")
    return Endpoint(found[0].decode(), int(found[1]))


async def _cluster(
    address: Address, known: Endpoint, connection: Connection, new: NewConnection, made: list[Connection]
) -> Session:
    slots: list[Connection | None] = [None] * _SLOTS
    primaries = {known: connection}
    for start, end, primary, *_ in await connection.call("CLUSTER", "SLOTS"):
        # an empty host: the one that was asked
        endpoint = Endpoint((primary[0] or b"").decode() or known.host, primary[1])
        if endpoint not in primaries:
            primaries[endpoint], _hello = await _connect(address, endpoint, new, made)
        slots[start : end + 1] = [primaries[endpoint]] * (end + 1 - start)
    ready = [one for one in slots if one is not None]
    if len(ready) != _SLOTS:
        raise DialError(f"the cluster at {known} has no server for {_SLOTS - len(ready)} of its slots")
    return Session(list(primaries.values()), ready)


async def _connect(
    address: Address, endpoint: Endpoint, new: NewConnection, made: list[Connection]
) -> tuple[Connection, dict[bytes, Any]]:
    connection = await _open(address, endpoint, new, made)
    login = ("AUTH", address.user or "default", address.password) if address.password else ()
    try:
        hello = await connection.call("HELLO", "3", *login, "SETNAME", "hubbub")
    except ServerError as error:
        if "unknown command" in str(error) or str(error).startswith("NOPROTO"):
            raise DialError(f"{endpoint} is too old: Redis 6.0 or newer, or Valkey, is needed") from error
        raise
    return connection, hello


async def _open(address: Address, endpoint: Endpoint, new: NewConnection, made: list[Connection]) -> Connection:
    loop = asyncio.get_running_loop()
    if endpoint.path:
        _, connection = await loop.create_unix_connection(new, endpoint.path)
    else:
        context = ssl.create_default_context(cafile=address.ca or None) if address.tls else None
        _, connection = await loop.create_connection(new, endpoint.host, endpoint.port, ssl=context)
    made.append(connection)
    return connection
