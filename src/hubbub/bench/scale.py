"""How much load, how long."""

from __future__ import annotations

from msgspec import Struct


class Scale(Struct, frozen=True):
    """The size of a run.

    Attributes:
        idle_connections: limited by the descriptors that one process may have.
        windows: messages in flight in the fan-out, one measurement for each.
        rounds: how often the fan-out is measured; the servers take turns, and medians are shown.
        in_flight: messages that each connection has on its way when sends are measured at saturation.
        generators: generator processes.
    """

    idle_connections: int = 19_000
    fan_out_members: int = 1_000
    windows: tuple[int, ...] = (1, 32)
    rounds: int = 3
    warm_up_seconds: float = 1.0
    seconds: float = 4.0
    text_bytes: int = 64
    senders: int = 200
    rooms: int = 50
    rooms_each: int = 5
    in_flight: int = 16
    paced_per_second: float = 2_000.0
    durable_seconds: float = 8.0
    connect_seconds: float = 120.0
    generators: int = 1


QUICK = Scale(
    idle_connections=2_000,
    fan_out_members=200,
    rounds=1,
    warm_up_seconds=0.5,
    seconds=1.0,
    durable_seconds=2.0,
    connect_seconds=30.0,
)
"""A minute instead of seven: shows that everything works, and figures to be believed roughly."""
