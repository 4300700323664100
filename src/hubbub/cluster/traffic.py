"""What went from node to node, for metrics."""

from __future__ import annotations

from collections import Counter


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
