"""A client as the chat sees one: a connection with a real lane, which keeps what it was sent.

It behaves as `hubbub.realtime.protocols.base_connection.Peer` does: `lagging` comes a tick after its buffer has filled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import count
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from hubbub.errors import Disconnect, HubbubError
from hubbub.realtime import Connection, Handler, Lane, Outgoing
from hubbub.vocabulary import (
    Command,
    Event,
    Membership,
    Message,
    Presence,
    ProfileChanged,
    ReadChanged,
    Reply,
    Seq,
    SubscribedAtOnce,
    TypingChanged,
    UnknownEvent,
    Welcome,
)
from hubbub.vocabulary.declaration import EventBase

T = TypeVar("T", bound=Struct)
R = TypeVar("R", bound=Struct)
F = TypeVar("F")
Received = Event | Welcome | SubscribedAtOnce | TypingChanged | Presence | ReadChanged | Membership | ProfileChanged
_known: Final[Callable[[bytes], Received]] = msgspec.json.Decoder(Received).decode
_numbers = count(1)
PATIENCE_SECONDS: Final = 20.0  # until a test that waits for what never comes fails


class Replied(Struct, frozen=True):
    ref: int | str
    ok: Reply


class Failed(Struct, frozen=True):
    ref: int | str | None
    code: str


Answer = Replied | Failed


class TestLane:
    """JSON lines."""

    __test__ = False

    def __init__(self, wire: str = "native.json", transport: str = "websocket") -> None:
        self._wire = wire
        self._transport = transport

    @property
    def wire(self) -> str:
        return self._wire

    @property
    def transport(self) -> str:
        return self._transport

    def encode(self, outgoing: Outgoing) -> bytes:
        return outgoing.json + b"\n"

    def join(self, parts: Sequence[bytes]) -> bytes:
        return b"".join(parts)

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        for member in members:
            assert isinstance(member, TestConnection)
            member.take(data)


NATIVE: Final[Lane] = TestLane()
SOCKETIO: Final[Lane] = TestLane("socketio")


class TestConnection(Connection):
    """The server's end of it, with what the client has been sent in `log`.

    `room_bytes`: what the write buffer holds before it is full; None: any amount, read at once.
    """

    __test__ = False

    def __init__(self, handler: Handler, lane: Lane = NATIVE) -> None:
        self.handler = handler
        self.lane = lane
        self.state = None
        self.groups = ()
        self.paused = False
        self.log: list[Replied | Failed | Received] = []
        self.ended: Disconnect | None = None
        self.open = True
        self.room_bytes: int | None = None
        self.charged = 0
        self.held = False
        self.buffered = 0
        self.most_buffered = 0
        self.heard: Callable[[Received], None] | None = None  # called with each event and signal as it comes
        self._lag_known = False
        self._id = f"c{next(_numbers)}"
        self._news = asyncio.Event()
        self._refs = count(1)

    # Connection

    @property
    def signs_in_later(self) -> bool:
        return self.lane is not SOCKETIO

    @property
    def id(self) -> str:
        return self._id

    @property
    def peer(self) -> str:
        return "127.0.0.1"

    def emit(self, outgoing: Outgoing) -> None:
        self.take(self.lane.encode(outgoing))

    def emit_many(self, outgoing: Sequence[Outgoing]) -> None:
        self.take(self.lane.join([self.lane.encode(one) for one in outgoing]))

    def reply(self, ref: int | str, ok: Struct) -> None:
        assert isinstance(ok, Reply)
        self._keep(Replied(ref, ok))

    def fail(self, ref: int | str | None, error: HubbubError) -> None:
        self._keep(Failed(ref, error.code))

    def charge(self, units: int) -> None:
        self.charged += units

    def pause_reading(self) -> None:
        self.held = True

    def resume_reading(self) -> None:
        self.held = False

    def disconnect(self, why: Disconnect) -> None:
        self.ended = why
        self.leave("server")

    def dismiss(self) -> None:
        self.leave("server")

    @property
    def closed(self) -> bool:
        return not self.open

    # the wire's side

    def take(self, data: bytes) -> None:
        if not self.open:
            return
        self.buffered += len(data)
        self.most_buffered = max(self.most_buffered, self.buffered)
        for line in data.splitlines():
            received = _decode(line)
            self._keep(received)
            if self.heard is not None:
                self.heard(received)
        if self.room_bytes is None:
            self.buffered = 0
        elif self.buffered > self.room_bytes and not self.paused:
            self.paused = True
            asyncio.get_running_loop().call_soon(self._lag)

    def _lag(self) -> None:
        if self.paused and not self._lag_known and self.open:
            self._lag_known = True
            self.handler.lagging(self)

    def _keep(self, received: Replied | Failed | Received) -> None:
        if self.open:
            self.log.append(received)
            self._news.set()

    # the client's side

    def fill(self) -> None:
        """Stop reading: the next write fills the buffer, and so does this moment."""
        self.room_bytes = 0
        self.paused = True
        self._lag()

    def drain(self, room_bytes: int | None = None) -> None:
        """Read all that is buffered."""
        self.room_bytes = room_bytes
        self.buffered = 0
        if self.paused:
            self.paused = False
            if self._lag_known and self.open:
                self._lag_known = False
                self.handler.drained(self)

    def leave(self, reason: str = "client") -> None:
        """The link is gone."""
        if self.open:
            self.open = False
            for group in tuple(self.groups):
                group.discard(self)
            self.handler.disconnected(self, reason)
            self._news.set()

    def tell(self, command: Command) -> None:
        """Send a command as it is."""
        self.handler.received(self, command)

    def begin(self, command: Command) -> int:
        """Send a command with a new ref, which is returned."""
        ref = next(self._refs)
        self.tell(msgspec.structs.replace(command, ref=ref))
        return ref

    async def answer(self, ref: int) -> Reply | Failed:
        """The answer to the command with this ref."""

        def found() -> Answer | None:
            return next((one for one in self.log if isinstance(one, Replied | Failed) and one.ref == ref), None)

        answer: Answer = await self.until(found)
        return answer if isinstance(answer, Failed) else answer.ok

    async def ask(self, command: Command, kind: type[R]) -> R:
        """Send a command and give its reply, which is of this kind."""
        answer = await self.answer(self.begin(command))
        assert isinstance(answer, kind), answer
        return answer

    async def refused(self, command: Command) -> str:
        """Send a command that is answered with an error: its code."""
        answer = await self.answer(self.begin(command))
        assert isinstance(answer, Failed), answer
        return answer.code

    async def until(self, found: Callable[[], F | None]) -> F:
        """Wait until `found` gives something; it is asked after everything that this client receives."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (thing := found()) is None:
                self._news.clear()
                await self._news.wait()
        return thing

    async def has(self, room: str, seq: Seq) -> None:
        """Wait until the event `seq` of a room has come."""
        await self.until(lambda: next((one for one in self.events(room) if one.seq >= seq), None))

    async def gone(self) -> None:
        """Wait until the server has ended the connection."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.open:
                self._news.clear()
                await self._news.wait()

    def all(self, kind: type[T]) -> list[T]:
        """What came of one kind, in order."""
        return [one for one in self.log if isinstance(one, kind)]

    def events(self, room: str) -> list[Event]:
        return [one for one in self.log if isinstance(one, EventBase) and one.room == room]

    def seqs(self, room: str) -> list[Seq]:
        return [event.seq for event in self.events(room)]

    def texts(self, room: str) -> list[str]:
        return [event.text for event in self.events(room) if isinstance(event, Message)]

    def forget(self) -> None:
        """Begin a new log."""
        self.log.clear()


def _decode(line: bytes) -> Received:
    try:
        return _known(line)
    except msgspec.ValidationError:
        return UnknownEvent.read(msgspec.json.decode(line))
