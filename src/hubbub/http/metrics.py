"""`/metrics` in Prometheus' text format. docs/operations.md explains every name."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from hubbub.auth.credentials import Credentials
from hubbub.bus import BusCounters
from hubbub.chat import ChatCounters
from hubbub.chat.access import check_outside_rooms
from hubbub.errors import HubbubError
from hubbub.store import Login
from hubbub.vocabulary import Action

from .errors import error_response

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

Census = Callable[[], Mapping[tuple[str, str], int]]
"""Open connections by (wire, transport)."""


Limits = Callable[[], Mapping[str, int]]
"""How often limits took effect, by the names of `LIMIT_COUNTERS`."""


class CountingChat(Protocol):
    """What the page reads of the chat."""

    counters: ChatCounters

    def census(self) -> dict[str, int]:
        """How many `users` are online here, and how many `rooms` this node follows."""
        ...


CHAT_COUNTERS: Final[Mapping[str, str]] = {
    "sends": "Messages that became durable.",
    "repeats": "Sends whose nonce had been stored before.",
    "refused_sends": "Sends answered with an error after their text was checked.",
    "groups": "Group commits; sends divided by groups is the size of one.",
    "delivered": "Events handed to the rooms of this node, once each.",
    "duplicates": "Events that the bus brought again.",
    "held": "Events that arrived before their predecessor.",
    "gaps": "Times that a predecessor did not arrive and the store was asked.",
    "healed": "Events read from the store because the bus had lost them.",
    "replays": "Catch-ups of one connection in one room that had to read the store.",
    "replayed": "Events sent in catch-ups.",
    "lagging": "Episodes of a connection with a full write buffer.",
    "caught_up": "Slow connections that have read again and been sent all that they had missed.",
    "too_slow": "Connections closed because they did not read.",
    "refused_commands": "Commands refused because too many waited before them.",
    "refused_strangers": "Connections refused because their address had too many that had not signed in.",
    "signals": "Presence and typing signals handed to a room's watchers.",
    "dropped_signals": "Signals that a connection did not get because it was slow or being caught up.",
    "failures": "Errors that nobody expected; the log has each.",
}
"""Every field of `ChatCounters`. A test holds them against each other and against docs/operations.md."""


LIMIT_COUNTERS: Final[Mapping[str, str]] = {
    "deferred": "Times that a connection had more to do than its budget and waited for its turn.",
    "slowed": "Times that a connection was read more slowly, because it had used its rate.",
    "limited": "Connections closed because they went on all the same, or because too much waited for their address.",
    "refused": "Engine.IO sessions refused because their address had too many that had not connected.",
}
"""Every number of `Gateway.limits`."""


BUS_COUNTERS: Final[Mapping[str, str]] = {
    "published": "Publications handed to the server's connection.",
    "received": "Publications of other nodes that arrived.",
    "dropped": "Publications that did not reach the server, or of which that is unknown.",
    "unreadable": "Publications of a newer version.",
    "reconnects": "Times that a lost connection was made again.",
}
"""Every number of `BusCounters`."""


class ServerCollector(Collector):
    """Reads what the server's parts count for themselves, at the moment of a scrape: counting costs nothing extra.

    Args:
        chat: its `ChatCounters`, and how many users and rooms it has.
    """

    def __init__(self, census: Census, chat: CountingChat, version: str, limits: Limits | None) -> None:
        self._census = census
        self._limits = limits
        self._chat = chat
        self._version = version

    def collect(self) -> Iterable[Metric]:
        build = GaugeMetricFamily("hubbub_build_info", "Always 1; the label says what runs.", labels=["version"])
        build.add_metric([self._version], 1)
        yield build
        connections = GaugeMetricFamily("hubbub_connections", "Open connections.", labels=["wire", "transport"])
        for (wire, transport), count in sorted(self._census().items()):
            connections.add_metric([wire, transport], count)
        yield connections
        present = self._chat.census()
        yield GaugeMetricFamily("hubbub_online_users", "Users with a connection here.", present["users"])
        yield GaugeMetricFamily("hubbub_live_rooms", "Rooms that this node follows.", present["rooms"])
        if self._limits is not None:
            counts = self._limits()
            for name, meaning in LIMIT_COUNTERS.items():
                yield CounterMetricFamily(f"hubbub_connections_{name}", meaning, counts[name])
        for name, meaning in CHAT_COUNTERS.items():
            yield CounterMetricFamily(f"hubbub_chat_{name}", meaning, getattr(self._chat.counters, name))


class BusCollector(Collector):
    """Reads what a bus with a server counts for itself."""

    def __init__(self, counters: BusCounters) -> None:
        self._counters = counters

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily(
            "hubbub_bus_connected", "1 while the bus has its server.", float(self._counters.connected)
        )
        for name, meaning in BUS_COUNTERS.items():
            yield CounterMetricFamily(f"hubbub_bus_{name}", meaning, getattr(self._counters, name))


class HttpMetrics:
    """Requests by method, route and status. A child is bound once: `labels()` costs four times an increment."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "hubbub_http_requests",
            "HTTP requests; 499: the client left before its answer.",
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "hubbub_http_request_seconds",
            "Time to answer a request, long-polling excepted.",
            ["route"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[str, Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """`route` is a template, never a path: a stranger must not be able to add labels. `seconds` None: not timed."""
        key = (method, route, status)
        if key not in self._counters:
            self._counters[key] = self._requests.labels(method, route, str(status))
        self._counters[key].inc()
        if seconds is not None:
            if route not in self._histograms:
                self._histograms[route] = self._seconds.labels(route)
            self._histograms[route].observe(seconds)


class MetricsPage:
    """The page, and who may read it.

    Args:
        page: makes it.
        access: "open": anybody. "local": requests of this machine, and an administrator's token.
        authenticate: who asks, and by which token; raises Unauthenticated.
    """

    def __init__(
        self,
        page: Callable[[], Awaitable[bytes]],
        access: Literal["local", "open"],
        authenticate: Callable[[Request], Awaitable[tuple[Login, Credentials]]],
    ) -> None:
        self._page = page
        self._access = access
        self._authenticate = authenticate

    async def __call__(self, request: Request) -> Response:
        try:
            await self._check(request)
        except HubbubError as error:
            return error_response(error)
        return Response(
            await self._page(),
            headers={"content-type": CONTENT_TYPE_LATEST, "cache-control": "no-store"},
        )

    async def _check(self, request: Request) -> None:
        if self._access == "open" or is_local(request):
            return
        login, _ = await self._authenticate(request)
        check_outside_rooms(Action.SEE_METRICS, login.user)


def own_page(registry: CollectorRegistry) -> Callable[[], Awaitable[bytes]]:
    """The page of one node."""

    async def page() -> bytes:
        return generate_latest(registry)

    return page


def is_local(request: Request) -> bool:
    """Whether the request was made on this machine, for this machine.

    A reverse proxy on this machine connects from loopback as well. It betrays itself by the headers that it adds or by
    the Host that it passes on, without which WebSockets from browsers would not work through it.
    """
    if any(name.startswith("x-forwarded-") or name in {"forwarded", "via", "x-real-ip"} for name in request.headers):
        return False
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    peer = request.client.host if request.client else ""
    return _is_loopback(peer) and (host == "localhost" or _is_loopback(host))


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def new_registry(
    census: Census, chat: CountingChat, version: str, bus: BusCounters | None = None, limits: Limits | None = None
) -> CollectorRegistry:
    """A registry of its own, so that two servers in one process don't meet. None: there is nothing to count."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # they double the page, and scrapers know when a process started
    registry = CollectorRegistry(auto_describe=True)
    registry.register(ServerCollector(census, chat, version, limits))
    if bus is not None:
        registry.register(BusCollector(bus))
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    return registry
