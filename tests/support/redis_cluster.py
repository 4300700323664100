"""Several real servers that belong together: a cluster of three primaries; a master, its replica and a sentinel."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from hubbub.bus.redis.dialing import slot_of

from .redis import RedisServer, running_redis

_READY_SECONDS = 30.0
_SLOTS = 16_384


class RedisCluster:
    """Three primaries without replicas."""

    def __init__(self, servers: list[RedisServer]) -> None:
        self.servers = servers

    @property
    def url(self) -> str:
        places = ",".join(f"127.0.0.1:{server.port}" for server in self.servers)
        return f"redis+cluster://{places}"

    def unite(self) -> None:
        """Returns when all slots are served."""
        share = _SLOTS // len(self.servers) + 1
        for number, server in enumerate(self.servers):
            first, last = number * share, min((number + 1) * share, _SLOTS) - 1
            assert server.command("CLUSTER", "ADDSLOTSRANGE", str(first), str(last)) == "+OK\r\n"
            server.command("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
        for server in self.servers[1:]:
            server.command("CLUSTER", "MEET", "127.0.0.1", str(self.servers[0].port))
        self.ready()

    def ready(self) -> None:
        """Returns when every server says that the cluster is whole."""
        until = time.monotonic() + _READY_SECONDS
        for server in self.servers:
            while "cluster_state:ok" not in server.command("CLUSTER", "INFO"):
                assert time.monotonic() < until, server.command("CLUSTER", "INFO")
                time.sleep(0.02)

    def owner(self, slot: int) -> RedisServer:
        """The server that says that the slot is its own."""
        for server in self.servers:
            if not server.command("GET", f"{{{key_of(slot)}}}").startswith("-MOVED"):
                return server
        raise AssertionError("nobody has the slot")

    def move(self, slot: int, target: RedisServer) -> None:
        """Give an empty slot to another server; all are told."""
        name = target.command("CLUSTER", "MYID").split("\r\n")[1]
        for server in (target, *(one for one in self.servers if one is not target)):
            assert server.command("CLUSTER", "SETSLOT", str(slot), "NODE", name) == "+OK\r\n"


def key_of(slot: int) -> str:
    """Some key of the slot."""
    return next(str(number) for number in range(1_000_000) if slot_of(str(number).encode()) == slot)


@contextmanager
def running_cluster() -> Iterator[RedisCluster]:
    """A new cluster for as long as the block lasts."""
    with ExitStack() as servers:
        settings = ("cluster-enabled yes", "cluster-node-timeout 3000")
        made = [servers.enter_context(running_redis(*settings)) for _ in range(3)]
        cluster = RedisCluster(made)
        cluster.unite()
        yield cluster


class WatchedPair:
    """A master, its replica, and the sentinel that knows them as `main`."""

    def __init__(self, master: RedisServer, replica: RedisServer, sentinel: RedisServer) -> None:
        self.master = master
        self.replica = replica
        self.sentinel = sentinel

    @property
    def url(self) -> str:
        return f"redis+sentinel://127.0.0.1:{self.sentinel.port}/main"

    def ready(self) -> None:
        """Returns when the sentinel would know whom to promote."""
        until = time.monotonic() + _READY_SECONDS
        while str(self.replica.port) not in self.sentinel.command("SENTINEL", "REPLICAS", "main"):
            assert time.monotonic() < until
            time.sleep(0.02)


@contextmanager
def running_pair() -> Iterator[WatchedPair]:
    """New ones for as long as the block lasts."""
    with ExitStack() as servers:
        master = servers.enter_context(running_redis("repl-diskless-sync-delay 0"))
        replica = servers.enter_context(running_redis(f"replicaof 127.0.0.1 {master.port}"))
        sentinel = servers.enter_context(
            running_redis(
                f"sentinel monitor main 127.0.0.1 {master.port} 1",
                "sentinel down-after-milliseconds main 500",
                "sentinel failover-timeout main 2000",
            )
        )
        pair = WatchedPair(master, replica, sentinel)
        pair.ready()
        yield pair
