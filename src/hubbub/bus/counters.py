"""What a bus has done, for metrics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class BusCounters:
    """Of a bus that has a server. A bus of one node has none.

    Attributes:
        published: handed to the server's connection.
        received: what other nodes published; own publications come back and are not counted.
        dropped: publications that did not reach the server, or of which that is unknown.
        unreadable: received, but of a newer version.
        reconnects: times that a lost connection was made again.
        connected: whether it is connected now.
    """

    published: int = 0
    received: int = 0
    dropped: int = 0
    unreadable: int = 0
    reconnects: int = 0
    connected: bool = False
