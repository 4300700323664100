"""What the chat counts, for the metrics page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class ChatCounters:
    """Plain integers since the start. They only grow, except where a comment says otherwise.

    Attributes:
        sends: messages that became durable.
        repeats: sends whose nonce had been stored before.
        refused_sends: sends answered with an error after their text was checked.
        groups: calls of the store that appended messages; `sends / groups` is the size of a group commit.
        delivered: events handed to the rooms of this node, once each.
        duplicates: events that the bus brought again.
        held: events that arrived before their predecessor.
        gaps: times that a predecessor did not arrive and the store was asked.
        healed: events that came from the store because the bus had lost them.
        replays: times that a connection was behind and had to be caught up.
        replayed: events sent in them.
        lagging: episodes of a connection with a full write buffer.
        caught_up: slow connections that have read again and been sent all that they had missed.
        too_slow: connections closed because they stayed slow.
        refused_commands: commands refused because too many waited before them.
        refused_strangers: connections refused because their address had too many that had not signed in.
        signals: presence and typing signals handed to a room's watchers.
        dropped_signals: signals that a connection did not get because it was slow or being caught up.
        failures: errors that nobody expected; the log has each.
    """

    sends: int = 0
    repeats: int = 0
    refused_sends: int = 0
    groups: int = 0
    delivered: int = 0
    duplicates: int = 0
    held: int = 0
    gaps: int = 0
    healed: int = 0
    replays: int = 0
    replayed: int = 0
    lagging: int = 0
    caught_up: int = 0
    too_slow: int = 0
    refused_commands: int = 0
    refused_strangers: int = 0
    signals: int = 0
    dropped_signals: int = 0
    failures: int = 0
