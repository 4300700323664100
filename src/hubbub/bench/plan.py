"""What a load consists of, in a form that can be handed to another process."""

from __future__ import annotations

from msgspec import Struct

from .dialects import Member


class Idle(Struct, frozen=True, tag=True):
    """Connect, answer pings, say nothing."""


class Closed(Struct, frozen=True, tag=True):
    """Closed loop: each sender keeps `window` messages in flight.

    `by_reply`: the next one goes out when a reply comes; otherwise when a delivery reaches the sender.
    """

    window: int
    by_reply: bool


class Open(Struct, frozen=True, tag=True):
    """Open loop: messages go out at intended times, `rate` a second over all senders, however the server is doing."""

    rate: float


class Deaf(Struct, frozen=True, tag=True):
    """Connect, and read nothing any more from the start of the load."""


class Rounds(Struct, frozen=True, tag=True):
    """Long-polling: one says `burst` messages; when every session's polls have brought them, it says the next ones."""

    burst: int


Pace = Idle | Closed | Open | Deaf | Rounds


class Plan(Struct, frozen=True):
    """One generator process's part.

    Attributes:
        address: the server's.
        source: number of the first loopback address (127.0.0.x) to connect from; each carries 10,000 connections.
        text_bytes: length of each text, at least 20.
        connect_seconds: all connections must be ready within this.
        sample: every how many reads a delivery's latency is noted.
        at_once: connections that are on their way to being ready at the same time.
        receive_bytes: size of a connection's receive buffer in the kernel; 0: what the kernel wants.
    """

    address: tuple[str, int]
    source: int
    dialect: str
    members: tuple[Member, ...]
    pace: Pace
    text_bytes: int
    connect_seconds: float
    sample: int = 16
    at_once: int = 128
    receive_bytes: int = 0


class Tally(Struct):
    """What one generator process found, at its end. Latencies in nanoseconds.

    Attributes:
        deliveries: sampled times from a message's stamp to its arrival.
        replies: times from a message's stamp to its reply, all of them in an open loop.
        late: how long after its intended time each message went out, in an open loop.
        failure: why the process gave up; empty when it did not.
        complaint: the first error that the server answered.
    """

    deliveries: list[int]
    replies: list[int]
    late: list[int]
    errors: int = 0
    complaint: str = ""
    failure: str = ""


class Phase:
    """The parent's word to its generators, in a shared integer."""

    CONNECT, RUN, RECORD, STOP, HOLD = range(5)
    # held: the process runs, and waits for the word to connect


class Counter:
    """Places in a generator's shared counters."""

    READY, DELIVERED, LISTENER_DELIVERED, LISTENER_BYTES, SENT, REPLIED, LOST, POLLS, STARTED, SIZE = range(10)
    # listeners are the connections that do not send: they receive deliveries and nothing else
    # polls are the answers that brought a message; started is 1 once the process runs
