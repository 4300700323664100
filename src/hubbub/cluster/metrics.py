"""What Prometheus sees of several nodes: their traffic, and all of a machine's workers on one page."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hubbub.bus import NodeId

from .address import NodeUnreachable, same_machine
from .node_pool import NodePool, request_bytes
from .node_secret import NodeSecret
from .nodes import Nodes, RemoteNode

METRICS: Final = "/metrics"
"""Where one node asks another for its page."""

_SECONDS: Final = 2.0


class Traffic:
    """Counts of one node.

    Attributes:
        own: requests for connections of this node.
        forwarded: requests for those of others, by outcome: "answered"; "unknown", the owner is not there; "lost", it
            did not answer; "left", the client went away.
        relayed: WebSockets that were opened to become the transport of a session elsewhere, by the same outcomes.
        relays: those that are open.
        answered: requests that other nodes sent here.
        refused: requests at the internal listener without the secret.
    """

    __slots__ = ("answered", "forwarded", "own", "refused", "relayed", "relays")

    def __init__(self) -> None:
        self.own = 0
        self.forwarded: Counter[str] = Counter()
        self.relayed: Counter[str] = Counter()
        self.relays = 0
        self.answered = 0
        self.refused = 0


class ClusterCollector(Collector):
    """Reads what is counted anyhow, at the moment of a scrape."""

    def __init__(self, nodes: Nodes, traffic: Traffic) -> None:
        self._nodes = nodes
        self._traffic = traffic

    def collect(self) -> Iterable[Metric]:
        traffic = self._traffic
        alive = 1 + sum(1 for _ in self._nodes.peers())
        yield GaugeMetricFamily("hubbub_nodes", "Nodes that count as alive, this one included.", alive)
        yield GaugeMetricFamily("hubbub_relayed_websockets", "Open WebSockets of sessions elsewhere.", traffic.relays)
        yield CounterMetricFamily("hubbub_own_requests", "Requests for connections of this node.", traffic.own)
        yield _by_outcome("hubbub_forwarded_requests", "Requests for other nodes' connections.", traffic.forwarded)
        yield _by_outcome("hubbub_forwarded_upgrades", "WebSockets for other nodes' sessions.", traffic.relayed)
        yield CounterMetricFamily(
            "hubbub_internal_requests", "What other nodes forwarded to this one.", traffic.answered
        )
        yield CounterMetricFamily("hubbub_internal_refused", "Strangers at the internal listener.", traffic.refused)


def _by_outcome(name: str, meaning: str, counts: Mapping[str, int]) -> Metric:
    family = CounterMetricFamily(name, meaning, labels=["outcome"])
    for outcome, count in sorted(counts.items()):
        family.add_metric([outcome], count)
    return family


class Gathering:
    """The page of all nodes on this machine, whichever of them a scraper reaches."""

    def __init__(self, nodes: Nodes, pool: NodePool, secret: NodeSecret, own: Callable[[], bytes]) -> None:
        self._nodes = nodes
        self._pool = pool
        self._secret = secret
        self._own = own

    async def page(self) -> bytes:
        """In the text format, each sample with the label `node`. Who does not answer is missing."""
        here = [
            peer for peer in self._nodes.peers() if peer.address and same_machine(peer.address, self._nodes.address)
        ]
        pages = await asyncio.gather(*(self._ask(peer) for peer in here))
        return merged(
            {self._nodes.node: self._own(), **{peer.node: page for peer, page in zip(here, pages, strict=True)}}
        )

    async def _ask(self, peer: RemoteNode) -> bytes:
        request = request_bytes(
            "GET", METRICS.encode(), [(b"host", b"node"), *self._secret.headers("", secure=False)], b"", 0
        )
        try:
            answer = await self._pool.ask(peer.address, request, _SECONDS)
        except NodeUnreachable:
            return b""
        return answer.body if answer.status == 200 else b""


def merged(pages: Mapping[NodeId, bytes]) -> bytes:
    """Pages of the text format as one: a family's samples have to stand together."""
    heads: dict[bytes, list[bytes]] = {}
    samples: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for node, page in pages.items():
        family = b""
        for bus in page.splitlines():
            if bus.startswith(b"# "):
                family = bus.split(b" ", 3)[2]
                head = heads.setdefault(family, [])
                if bus not in head:
                    head.append(bus)
            elif bus:
                samples[family].append(_labelled(bus, node.encode()))
    lines = [bus for family, head in heads.items() for bus in (*head, *samples[family])]
    return b"\n".join([*lines, b""])


def _labelled(sample: bytes, node: bytes) -> bytes:
    name, brace, rest = sample.partition(b"{")
    if brace:
        return b'%b{node="%b",%b' % (name, node, rest)
    name, _, value = sample.partition(b" ")
    return b'%b{node="%b"} %b' % (name, node, value)
