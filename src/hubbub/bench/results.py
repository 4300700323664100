"""What the bench found, as it stands in the JSON file. Units are in the names; None: not measured."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from msgspec import Struct

from hubbub.bench.attack.outcome import Outcome

from .load import Window
from .machine import Machine
from .plan import Tally
from .scale import Scale

GENERATOR_LIMIT = 0.9
"""A generator that was busy for more than this part of the time may have been what held the server back."""


class IdleCost(Struct, frozen=True):
    """What connections cost that say nothing."""

    connections: int
    rss_bytes_per_connection: float
    connects_per_cpu_second: float
    connects_per_second: float


class FanOut(Struct, frozen=True):
    """One sender, everybody a receiver, `window` messages in flight. Figures of several rounds are medians.

    Latencies are from the making of the message to its arrival, so waiting behind other messages counts.
    """

    window: int
    members: int
    deliveries_per_cpu_second: float
    rounds: list[float]
    deliveries_per_second: float
    bytes_per_delivery: float
    latency_p50_ms: float
    latency_p99_ms: float
    server_load: float
    generator_load: float

    @property
    def generator_limited(self) -> bool:
        return self.generator_load > GENERATOR_LIMIT


class Polling(Struct, frozen=True):
    """Long-polling: `sessions` in one room, `burst` messages said at once, the next ones when all have got them.

    A poll is a GET that brought at least one message. Per second of server CPU.
    """

    sessions: int
    burst: int
    polls_per_cpu_second: float
    deliveries_per_cpu_second: float
    server_load: float
    generator_load: float

    @property
    def messages_per_poll(self) -> float:
        return self.deliveries_per_cpu_second / self.polls_per_cpu_second if self.polls_per_cpu_second else 0.0

    @property
    def generator_limited(self) -> bool:
        return self.generator_load > GENERATOR_LIMIT


class Row(Struct):
    """One server. `failure`: why figures are missing.

    `hello_bytes`: what a member receives of a "hello world" with room, number, sender and time.
    """

    key: str
    title: str
    idle: IdleCost | None = None
    fan_out: list[FanOut] = []
    hello_bytes: int | None = None
    polling: list[Polling] = []
    failure: str = ""

    def at_window(self, window: int) -> FanOut | None:
        return next((found for found in self.fan_out if found.window == window), None)

    def at_burst(self, burst: int) -> Polling | None:
        return next((found for found in self.polling if found.burst == burst), None)


class Saturation(Struct, frozen=True):
    """Durable sends as fast as the server accepts them."""

    in_flight: int
    accepted_per_second: float
    deliveries_per_second: float
    server_load: float
    generator_load: float

    @property
    def generator_limited(self) -> bool:
        return self.generator_load > GENERATOR_LIMIT


class Paced(Struct, frozen=True):
    """Durable sends at intended times. Latencies are from the intended time to the reply.

    `late_p99_ms`: how late the generator itself sent; it is contained in the latencies.
    """

    intended_per_second: float
    accepted_per_second: float
    reply_p50_ms: float
    reply_p99_ms: float
    late_p99_ms: float
    server_load: float
    generator_load: float


class Durable(Struct):
    """Durable sends of `connections` users to `rooms` rooms of `members` members. `failure`: why one is missing."""

    connections: int
    rooms: int
    members: int
    saturation: Saturation | None = None
    paced: Paced | None = None
    failure: str = ""


class Storm(Struct, frozen=True):
    """Connections of one process killed at once, and resumed by another one: signed in, joined with their cursor, and
    the event after it received.

    Attributes:
        resumed_seconds: from the killing until the last one was back.
        resumed_per_cpu_second: of the server, which also closes the old ones and serves the others in this time.
        others_p50_ms, others_p99_ms: delivery to members of another room meanwhile.
    """

    connections: int
    resumed_seconds: float
    resumed_per_cpu_second: float
    others: int
    others_deliveries: int
    others_p50_ms: float
    others_p99_ms: float
    others_late_p99_ms: float


class SlowReader(Struct, frozen=True):
    """One of several readers of a busy room stops reading.

    Attributes:
        grown_before_bytes: growth of the server's resident memory in `seconds` in which everybody reads.
        grown_bytes: the same in the next `seconds`, in which one does not.
        unread_bytes: what was said meanwhile and not read.
    """

    messages_per_second: float
    seconds: float
    grown_before_bytes: int
    grown_bytes: int
    unread_bytes: int
    lagging: int

    @property
    def cost_bytes(self) -> int:
        """What the silent one added; 0 when the growth of before was larger."""
        return max(0, self.grown_bytes - max(0, self.grown_before_bytes))


class Across(Struct, frozen=True):
    """Fan-out with `window` messages in flight, deliveries per CPU-second: all members on one node, half on each."""

    window: int
    one_node: float
    two_nodes: float

    @property
    def ratio(self) -> float:
        return self.two_nodes / self.one_node if self.one_node else 0.0


class Cluster(Struct, frozen=True):
    """Two nodes on one PostgreSQL and one bus.

    Attributes:
        accepted_per_second: durable sends of both nodes together, as fast as they go.
        across_p50_ms, across_p99_ms: from a message's intended time on one node to its delivery by the other one.
    """

    accepted_per_second: float
    generator_load: float
    across_per_second: float
    across_p50_ms: float
    across_p99_ms: float
    across_late_p99_ms: float
    fan_out: list[Across]


class Results(Struct):
    """One run. `failures`: why a scenario of Hubbub alone brought nothing; `missing`: what it lacked."""

    version: str
    begun: str
    machine: Machine
    scale: Scale
    rows: list[Row]
    durable: Durable | None = None
    storm: Storm | None = None
    slow_reader: SlowReader | None = None
    cluster: Cluster | None = None
    attacks: list[Outcome] = []
    failures: dict[str, str] = {}
    missing: dict[str, str] = {}

    def row(self, key: str) -> Row | None:
        return next((row for row in self.rows if row.key == key), None)


def percentile_ms(samples: Sequence[int], fraction: float) -> float:
    """Of latencies in nanoseconds; 0 when there are none."""
    if not samples:
        return 0.0
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))] / 1e6


def fan_out(window: int, members: int, measured: Sequence[tuple[Window, Tally]]) -> FanOut:
    """The median of the rounds, round by round and figure by figure."""
    windows = [one for one, _ in measured]
    latencies = [sample for _, tally in measured for sample in tally.deliveries]
    return FanOut(
        window=window,
        members=members,
        deliveries_per_cpu_second=median(one.deliveries_per_cpu_second for one in windows),
        rounds=[one.deliveries_per_cpu_second for one in windows],
        deliveries_per_second=median(one.deliveries / one.seconds for one in windows),
        bytes_per_delivery=median(one.bytes_per_delivery for one in windows),
        latency_p50_ms=percentile_ms(latencies, 0.5),
        latency_p99_ms=percentile_ms(latencies, 0.99),
        server_load=median(one.server_load for one in windows),
        generator_load=median(one.generator_load for one in windows),
    )
