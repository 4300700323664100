"""How much load, how long."""

from __future__ import annotations

from msgspec import Struct


class Scale(Struct, frozen=True):
    """The size of a run.

    Attributes:
        idle_connections: limited by the descriptors that one process may have.
        settle_seconds: before the server's memory is read.
        windows: messages in flight in the fan-out, one measurement for each.
        rounds: how often the fan-out is measured; the servers take turns, and medians are shown.
        poll_sessions: sessions that poll, everyone in one room.
        bursts: messages between two polls of a session, one measurement for each.
        across_per_second: sends while delivery from node to node is timed.
        storm_connections: killed at once, to come back at once.
        storm_others: members who chat on in another room meanwhile.
        stalled_seconds: for which one reader does not read, and as long before that in which all do.
        in_flight: messages that each connection has on its way when sends are measured at saturation.
        attack_seconds: of each attack.
        attack_connections: a measurement for each; empty: what the attack itself says.
        quiet_seconds: before it, for comparison.
        recovery_seconds: after it, until the memory is looked at again.
        generators: generator processes.
    """

    idle_connections: int = 19_000
    settle_seconds: float = 1.0
    fan_out_members: int = 1_000
    windows: tuple[int, ...] = (1, 32)
    rounds: int = 3
    warm_up_seconds: float = 1.0
    seconds: float = 4.0
    text_bytes: int = 64
    poll_sessions: int = 500
    bursts: tuple[int, ...] = (1, 64)
    senders: int = 200
    rooms: int = 50
    rooms_each: int = 5
    in_flight: int = 16
    across_per_second: float = 500.0
    storm_connections: int = 10_000
    storm_others: int = 50
    stalled_seconds: float = 10.0
    paced_per_second: float = 2_000.0
    durable_seconds: float = 8.0
    connect_seconds: float = 120.0
    attack_seconds: float = 10.0
    attack_connections: tuple[int, ...] = ()
    quiet_seconds: float = 5.0
    recovery_seconds: float = 10.0
    generators: int = 1


QUICK = Scale(
    idle_connections=1_000,
    settle_seconds=0.3,
    fan_out_members=200,
    poll_sessions=100,
    storm_connections=500,
    stalled_seconds=1.5,
    rounds=1,
    warm_up_seconds=0.3,
    seconds=0.8,
    durable_seconds=2.0,
    connect_seconds=30.0,
    attack_seconds=3.0,
    quiet_seconds=2.0,
    recovery_seconds=3.0,
)
"""A good minute: shows that everything works, and figures to be believed roughly."""
