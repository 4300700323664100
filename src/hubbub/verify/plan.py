"""What a run is to do."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class WireName(StrEnum):
    """A wire on a transport, as a client uses it."""

    JSON = "json"
    MSGPACK = "msgpack"
    SSE = "sse"
    POLLING = "polling"
    SOCKETIO = "socketio"
    SOCKETIO_POLLING = "socketio-polling"


class Plan(Struct, frozen=True, kw_only=True):
    """A run. Everything that is chosen by chance follows from `seed`; what the network does with it does not.

    Attributes:
        urls: of the servers; each client begins with the next one, and comes back to one that chance chooses.
        wires: each client takes the next one.
        tokens: of the logins to use, by turns; empty: throw-away accounts, so many as `accounts` says.
        rate: messages a second, by all senders together.
        seconds: how long the senders go on.
        settle_seconds: afterwards, for the last acknowledgements and for every reader to reach the end of the log.
        patience_seconds: a client that has heard nothing for so long goes elsewhere.
        drop_every_seconds: each client breaks its connection off so often, give or take a half; 0: never.
        together: all of them at the same moment.
        half_open: instead of ending connections leave them open, as when a cable is cut: nothing is read or written.
        silent_readers: so many of the readers stop reading, and read on when the senders have ended.
        repeat_share: of the acknowledged messages, this part is sent again with its nonce.
        text_bytes: the least length of a message.
    """

    urls: tuple[str, ...]
    wires: tuple[WireName, ...] = tuple(WireName)
    tokens: tuple[str, ...] = ()
    accounts: int = 6
    senders: int = 6
    readers: int = 6
    rooms: int = 2
    rate: float = 100.0
    seconds: float = 15.0
    settle_seconds: float = 60.0
    patience_seconds: float = 5.0
    seed: int = 0
    drop_every_seconds: float = 0.0
    together: bool = False
    half_open: bool = False
    silent_readers: int = 0
    repeat_share: float = 0.05
    text_bytes: int = 40
