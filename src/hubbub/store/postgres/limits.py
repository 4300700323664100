"""How many connections a node uses, and how long it waits."""

from __future__ import annotations

from msgspec import Struct


class PostgresLimits(Struct, frozen=True):
    """Limits of one node.

    Attributes:
        readers: connections for reading, read marks and last-seen times. One more is for all other writes.
        connect_seconds: to get a new connection.
        lock_seconds: the server gives up waiting for a lock that another node holds.
        statement_seconds: the server gives up a statement. A second later the node gives up on the server, closes that
            connection and answers `StoreUnavailable`.
    """

    readers: int = 4
    connect_seconds: float = 5.0
    lock_seconds: float = 5.0
    statement_seconds: float = 10.0

    @property
    def answer_seconds(self) -> float:
        """The longest that the node waits for the server to answer one statement."""
        return self.statement_seconds + 1.0
