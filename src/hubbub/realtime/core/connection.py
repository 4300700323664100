"""One client's connection, whatever its wire and transport, as the layers above see it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from hubbub.errors import Disconnect, HubbubError

if TYPE_CHECKING:
    from hubbub.realtime.fanout.group import Group, Lane, Outgoing

T = TypeVar("T")

SmallSet: TypeAlias = tuple[T, ...] | dict[T, None]
"""A set that nearly always has no or one member, and must still cost constant time when it has 17,000."""

TUPLE_MEMBERS: Final = 8
"""A dict of 2 takes 184 bytes, a tuple 56."""


def with_member(held: SmallSet[T], member: T, alone: tuple[T, ...]) -> SmallSet[T]:
    """The set with `member`, which it does not have. `alone`: the shared tuple of just that one."""
    if isinstance(held, dict):
        held[member] = None
        return held
    if not held:
        return alone
    if len(held) < TUPLE_MEMBERS:
        return (*held, member)
    return dict.fromkeys((*held, member))


def without_member(held: SmallSet[T], member: T) -> SmallSet[T]:
    """The set without `member`."""
    if isinstance(held, dict):
        held.pop(member, None)
        return held or ()
    return tuple(other for other in held if other is not member)


class Handshake(Struct, frozen=True):
    """What a client said when it connected.

    Attributes:
        path: without the query, percent-decoded.
        query: the raw query string.
        headers: names in lower case; repeated headers joined by ", " (RFC 9110 section 5.3).
        peer: the other end's address as text, empty when unknown.
        secure: whether it came by TLS.
        auth: the payload of a Socket.IO CONNECT packet, decoded JSON; None on other wires.
        namespace: the Socket.IO namespace that the client connects to; "/" on other wires.
    """

    path: str
    query: str
    headers: dict[str, str]
    peer: str
    secure: bool = False
    auth: Any = None
    namespace: str = "/"


NO_HANDSHAKE: Final = Handshake(path="", query="", headers={}, peer="")
"""Stands for one whose headers nobody will ask for again."""


class Connection(ABC):
    """A member of groups. Lives on the event loop's thread; no method blocks, none raises when the link is gone.

    Attributes:
        lane: its (wire, transport) pair: members of one lane receive the same bytes.
        state: belongs to the handler; None until it sets it.
        groups: the fan-out groups that it is in; managed by `Group`.
        paused: True while its write buffer is above the limit. See `Handler.lagging`.
    """

    __slots__ = ("groups", "lane", "paused", "state")

    lane: Lane
    state: Any
    groups: SmallSet[Group]
    paused: bool

    @property
    @abstractmethod
    def id(self) -> str:
        """Unique among all connections of all nodes; not a secret."""

    @property
    @abstractmethod
    def peer(self) -> str:
        """The other end's address as text, empty when unknown."""

    @abstractmethod
    def emit(self, outgoing: Outgoing) -> None:
        """Send one event or signal to this connection only."""

    @abstractmethod
    def emit_many(self, outgoing: Sequence[Outgoing]) -> None:
        """Send several in one write."""

    @abstractmethod
    def reply(self, ref: int | str, ok: Struct) -> None:
        """Answer the command that carried `ref`."""

    @abstractmethod
    def fail(self, ref: int | str | None, error: HubbubError) -> None:
        """Answer with an error. `ref` None: the command had none."""

    @abstractmethod
    def disconnect(self, why: Disconnect) -> None:
        """Write out what is buffered, then close. `Handler.disconnected` follows."""

    @abstractmethod
    def dismiss(self) -> None:
        """End it for good: the client does not come back by itself. Socket.IO: only this namespace."""

    @abstractmethod
    def charge(self, units: int) -> None:
        """A command of it is more work than one unit (`meter.py`). Above its rate it is read more slowly."""

    @abstractmethod
    def pause_reading(self) -> None:
        """The handler has enough commands of it for now. At most what is being decoded right now still comes."""

    @abstractmethod
    def resume_reading(self) -> None:
        """The handler can take more. Harmless when it always could."""

    def announce(self, public_id: str, recovery_id: str | None) -> None:  # noqa: B027
        """What Socket.IO's CONNECT answer says: the socket's id, and the secret to recover it. Before acceptance."""

    @property
    def signs_in_later(self) -> bool:
        """Whether its wire has a command to say who one is after the handshake."""
        return True

    @property
    def busy(self) -> bool:
        """It can't take anything right now without queueing it here: what is volatile is not for it."""
        return self.paused

    @property
    def unsent_bytes(self) -> int:
        """What waits in this process for the client."""
        return 0

    @property
    @abstractmethod
    def closed(self) -> bool:
        """True from the moment the link is closing: writes go nowhere."""


def ended_by(why: Disconnect) -> str:
    """The reason that `Handler.disconnected` gets after `Connection.disconnect`, in Socket.IO's words."""
    return "forced server close" if why.reconnect else "server namespace disconnect"


class Handler(Protocol):
    """What stands above the connections: the chat, or an application of the toolkit. Called on the event loop.

    A method that raises ends the connection with close code 1011; the log has the traceback.
    """

    async def connected(self, connection: Connection, handshake: Handshake) -> None:
        """A client finished its handshake (Socket.IO: sent CONNECT). Its commands wait until this returns.

        Raises:
            HubbubError: refuse it (WebSocket: an error reply, then close 4500; Socket.IO: CONNECT_ERROR with
                `message` and `data: {code}`).
        """

    def received(self, connection: Connection, command: Any) -> None:
        """One decoded command. Must not block; answer with `reply` or `fail`, now or later."""

    def lagging(self, connection: Connection) -> None:
        """Its write buffer is above the limit: take it out of its groups, note its cursors. Called once per episode."""

    def drained(self, connection: Connection) -> None:
        """The buffer of a lagging connection is empty enough again: replay, then let it back in."""

    def disconnected(self, connection: Connection, reason: str) -> None:
        """The link is gone, and it has been taken out of all groups.

        `reason` is for logs and metrics: "client", "heartbeat", …
        """
