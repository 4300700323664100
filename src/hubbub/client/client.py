"""A client of a Hubbub server: it reconnects, resumes and resends by itself.

async with Client("http://localhost:8000", token) as client:
    await client.join("general")
    await client.send("general", "hello")
    async for event in client.events():
        ...
"""

from __future__ import annotations

import asyncio
import os
import random as random_module
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
from msgspec import Raw, Struct

from hubbub.errors import HubbubError, NotJoined
from hubbub.vocabulary import (
    CreateRoom,
    Directory,
    DirectoryPage,
    Done,
    Event,
    EventPage,
    History,
    Join,
    Joined,
    Leave,
    MemberPage,
    Members,
    Membership,
    Presence,
    Read,
    ReadChanged,
    ReadMark,
    RoomEntry,
    RoomId,
    RoomList,
    Rooms,
    RoomState,
    Sent,
    Seq,
    Typing,
    TypingChanged,
    Watch,
    Watching,
    Welcome,
)

from .backoff import Backoff
from .connection import Connection, socket_url
from .delivery import Delivery
from .failures import Closed, ConnectionLost, NoAnswer, remote_error
from .frames import Unknown, decode, decode_events
from .joiner import Joiner
from .outbox import OutboxStorage, Outgoing
from .requests import ReplyFrame, Requests
from .rooms import Tracks, Verdict
from .state import Observable, Phase, State
from .stream import EventStream, Reset, RoomLost, SignalStream
from .supervisor import Supervisor, Token

T = TypeVar("T", bound=Struct)
ClientSignal = TypingChanged | Presence | ReadChanged | Membership

_encode = msgspec.json.Encoder().encode


class _Page(Struct, frozen=True):
    """An `EventPage` whose events may be of kinds that this version does not know."""

    events: list[Raw]
    more: bool
    head: Seq


class Client:
    """One user's connection that outlives its sockets. Use it on one event loop.

    Every call but `send` ends within `request_seconds`, waiting for a connection included, or raises `NoAnswer`.
    What the server refuses is raised as the `HubbubError` of that code; `Closed` when the client does not run.

    Args:
        url: the server's, `http(s)://HOST[:PORT]`.
        token: of a login, or what gives it; asked before each connection.
        keepalive_seconds: a connection that does not answer a ping for so long counts as lost.
        stable_seconds: a connection that lasted so long starts the backoff anew.
        storage: keeps unacknowledged messages beyond the process.
        now: Unix seconds; nonces begin with it.
        random, random_bytes: for jitter and for nonces.

    Raises:
        ValueError: `url` is not a server's.
    """

    def __init__(
        self,
        url: str,
        token: Token | None = None,
        *,
        backoff: Backoff | None = None,
        request_seconds: float = 30.0,
        open_seconds: float = 10.0,
        keepalive_seconds: float = 20.0,
        stable_seconds: float = 5.0,
        storage: OutboxStorage | None = None,
        now: Callable[[], float] = time.time,
        random: Callable[[], float] = random_module.random,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._url = socket_url(url)
        self._token = token
        self._backoff = backoff or Backoff()
        self._request_seconds = request_seconds
        self._open_seconds = open_seconds
        self._keepalive_seconds = keepalive_seconds
        self._stable_seconds = stable_seconds
        self._now = now
        self._random = random
        self._random_bytes = random_bytes
        self._state = Observable()
        self._requests = Requests(request_seconds)
        self._tracks = Tracks()
        self._joiner = Joiner(self._tracks, self._ask, self._is_live, self._notice, self._retry_seconds)
        self._delivery = Delivery(self._ask, self._joined, self._sending, self._retry_seconds, storage)
        self._events = EventStream(self._read_after, self.cursor)
        self._signals: SignalStream[ClientSignal] = SignalStream()
        self._watched: RoomId | None = None
        self._refusal: HubbubError | None = None
        self._supervisor: Supervisor | None = None
        self._task: asyncio.Task[None] | None = None
        self._loaded = False

    # the connection

    @property
    def state(self) -> State:
        """What the client is doing now."""
        return self._state.value

    def observe(self, observer: Callable[[State], None]) -> Callable[[], None]:
        """Call `observer` with each later state, on the event loop. Returns what ends that."""
        return self._state.observe(observer)

    async def connect(self, *, retry: bool = False) -> Self:
        """Start, and wait until connected. From then on the client reconnects by itself.

        Args:
            retry: go on when the first attempt fails, instead of raising.

        Raises:
            HubbubError: why it failed; the client is closed and may be connected again.
        """
        if self._task is None or self._task.done():
            await self._start()

        def settled(state: State) -> bool:
            return state.phase in {Phase.CONNECTED, Phase.CLOSED} or (not retry and state.phase is Phase.RECONNECTING)

        try:
            state = await self._state.until(settled)
        except asyncio.CancelledError:
            await self.close()
            raise
        if state.phase is not Phase.CONNECTED:
            await self.close()
            raise state.error or Closed()
        return self

    async def close(self) -> None:
        """End the connection and everything that waits. Unacknowledged messages stay in the outbox."""
        task, self._task = self._task, None
        connection = self._supervisor.connection if self._supervisor is not None else None
        self._supervisor = None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if connection is not None:
            await connection.close()
        if self.state.phase is not Phase.CLOSED:
            self._end(None)
        await self._delivery.close()

    def reconnect_now(self) -> None:
        """Don't wait for the next attempt: the network is back, or the user asks."""
        if self._supervisor is not None:
            self._supervisor.hurry()

    async def __aenter__(self) -> Self:
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # rooms

    async def join(self, room: str, since: Seq | None = None) -> Joined:
        """Become a member if needed and receive the room's events, from now on across reconnects.

        Args:
            since: the last `seq` you have; what is after it comes first. None: go on from the room's cursor, or from
                the present when the client has not been in the room.
        """
        name = RoomId(room)
        if since is None:
            since = self.cursor(name)

        def joined(answer: Joined) -> None:
            self._joiner.joined(name, since, answer)

        return await self._request(Join(name, since), Joined, at_once=joined)

    async def leave(self, room: str) -> None:
        """Stop being a member."""

        def left(_: Done) -> None:
            self._tracks.remove(RoomId(room))

        await self._request(Leave(RoomId(room)), Done, at_once=left)

    async def rooms(self) -> list[RoomState]:
        """The rooms that I am a member of, with unread counts."""
        return (await self._request(Rooms(), RoomList)).rooms

    async def directory(self, after: str | None = None, limit: int = 100) -> DirectoryPage:
        """A page of the public rooms."""
        return await self._request(Directory(None if after is None else RoomId(after), limit), DirectoryPage)

    async def create_room(self, room: str, title: str = "", topic: str = "") -> RoomEntry:
        """Create a public room, as its first member. `ConnectionLost`: it may exist or not."""
        return await self._request(CreateRoom(RoomId(room), title, topic), RoomEntry, again=False)

    async def members(self, room: str, after: str | None = None, limit: int = 100) -> MemberPage:
        """A page of a room's members, by name."""
        return await self._request(Members(RoomId(room), after, limit), MemberPage)

    async def history(
        self, room: str, *, before: Seq | None = None, after: Seq | None = None, limit: int = 50
    ) -> EventPage:
        """A page of a room's log, ascending. Neither `before` nor `after`: the newest."""
        page = await self._request(History(RoomId(room), before, after, limit), _Page)
        return EventPage(decode_events(page.events), page.more, page.head)

    async def read(self, room: str, seq: Seq) -> ReadMark:
        """Set my read mark; it only moves forward."""
        return await self._request(Read(RoomId(room), seq), ReadMark)

    async def watch(self, room: str | None) -> Watching:
        """Receive presence and typing of this room, from now on across reconnects; None: of no room."""
        name = None if room is None else RoomId(room)

        def watching(_: Watching) -> None:
            self._watched = name

        return await self._request(Watch(name), Watching, at_once=watching)

    def typing(self, room: str, typing: bool = True) -> None:
        """Say that I am typing. It is not kept for later when there is no connection."""
        if self._supervisor is not None and self._supervisor.connection is not None and self._joined(RoomId(room)):
            self._supervisor.connection.post(_encode(Typing(RoomId(room), typing)))

    def cursor(self, room: str) -> Seq | None:
        """The last `seq` of a joined room that arrived; None: not joined."""
        track = self._tracks.get(RoomId(room))
        return None if track is None else track.cursor

    # messages

    async def send(self, room: str, text: str, nonce: str | None = None) -> Sent:
        """Say something in a joined room. Returns when it is durable, however many reconnects that takes.

        To stop waiting does not stop the message. Called again with the same nonce, it waits for the same message.

        Raises:
            NotJoined: `join` the room first.
            HubbubError: the server refused the message for good.
            Closed: the client ended first. The message is in the outbox and goes out when the client is connected
                and joins the room again.
        """
        if self.state.phase in {Phase.IDLE, Phase.CLOSED}:
            raise Closed
        if self._tracks.get(RoomId(room)) is None:
            raise NotJoined
        return await self._delivery.send(
            Outgoing(RoomId(room), text, nonce or self._nonce(), created_ms=int(self._now() * 1000))
        )

    def outbox(self) -> list[Outgoing]:
        """The messages that the server has not acknowledged, oldest first."""
        return self._delivery.pending()

    def events(self) -> EventStream:
        """The events of all joined rooms: each once, in order within its room. For one consumer.

        Between them stand a `Reset` when a room's log was replaced, and a `RoomLost` when the room is not open to
        the user any more. The iteration ends when the client is closed, and raises when it gave up.
        """
        return self._events

    def signals(self) -> SignalStream[ClientSignal]:
        """Typing, presence, read marks and memberships, as they pass. For one consumer."""
        return self._signals

    # what the supervisor calls

    def received(self, connection: Connection, frame: bytes) -> None:
        """One frame arrived."""
        item = decode(frame)
        match item:
            case ReplyFrame():
                if not self._requests.resolve(item) and item.error is not None:
                    self._refusal = remote_error(item.error)
            case Welcome():
                self._welcome(item)
            case TypingChanged() | Presence() | ReadChanged():
                self._signals.push(item)
            case Membership():
                if not item.member:
                    self._tracks.remove(item.room)
                self._signals.push(item)
            case Unknown():
                if item.room is not None and item.seq is not None:
                    self._event(item.room, item.seq, None)
            case _:
                self._event(item.room, item.seq, item)

    def lost(self, *, again: bool) -> None:
        """The connection ended."""
        self._tracks.interrupted()
        self._delivery.interrupted()
        if again:  # otherwise the end of everything follows at once
            error = ConnectionLost()
            self._state.change(phase=Phase.RECONNECTING, transport=None, wire=None, session=None, error=error)
            self._requests.abandon(error)

    def refusal(self) -> HubbubError | None:
        """What the server said to the last connection instead of a welcome."""
        refusal, self._refusal = self._refusal, None
        return refusal

    def gave_up(self, error: HubbubError) -> None:
        """There will be no further connection."""
        self._end(error)

    # inside

    async def _start(self) -> None:
        if not self._loaded:
            await self._delivery.load()
            self._loaded = True
        if self.state.phase is Phase.CLOSED:
            self._events = EventStream(self._read_after, self.cursor)
            self._signals = SignalStream()
        self._state.change(phase=Phase.CONNECTING, error=None, attempt=0)

        async def dial(token: str) -> Connection:
            return await Connection.open(
                self._url, token, open_seconds=self._open_seconds, keepalive_seconds=self._keepalive_seconds
            )

        self._supervisor = Supervisor(
            self, self._state, dial, self._token, self._backoff, self._random, stable_seconds=self._stable_seconds
        )
        self._task = asyncio.create_task(self._supervisor.run())
        self._task.add_done_callback(self._stopped)

    def _stopped(self, task: asyncio.Task[None]) -> None:
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            error = Closed(f"The client stopped: {type(failure).__name__}: {failure}")
            error.__cause__ = failure
            self._end(error)

    def _end(self, error: HubbubError | None) -> None:
        self._state.change(phase=Phase.CLOSED, transport=None, wire=None, session=None, retry_seconds=None, error=error)
        self._events.end(error)
        self._signals.end(error)
        self._requests.abandon(error or Closed())
        self._delivery.abandon(error or Closed())

    def _welcome(self, welcome: Welcome) -> None:
        self._refusal = None
        self._state.change(
            phase=Phase.CONNECTED,
            transport=welcome.transport,
            wire=welcome.wire,
            user=welcome.user,
            session=welcome.session,
            attempt=0,
            error=None,
        )
        self._joiner.resume()
        if self._watched is not None:
            self._ask(Watch(self._watched), Watching, lambda _: None)

    def _event(self, room: RoomId, seq: Seq, event: Event | None) -> None:
        track = self._tracks.get(room)
        if track is None:
            return
        match track.event(seq):
            case Verdict.DELIVER:
                if event is not None:
                    self._events.push(event)
            case Verdict.REJOIN:
                self._joiner.rejoin(track)
            case Verdict.DROP:
                pass

    def _ask(self, command: Any, answer: type[T], settle: Callable[[T | HubbubError], None]) -> None:
        connection = self._supervisor.connection if self._supervisor is not None else None
        if connection is None:
            settle(Closed() if self._supervisor is None else ConnectionLost())
            return
        ref = self._requests.begin(answer, settle)
        connection.post(_encode(msgspec.structs.replace(command, ref=ref)))

    async def _request(
        self, command: Any, answer: type[T], *, again: bool = True, at_once: Callable[[T], None] | None = None
    ) -> T:
        """Ask, on the next connection when there is none or it is lost; `at_once` runs before later frames are read."""
        try:
            async with asyncio.timeout(self._request_seconds):
                while True:
                    state = await self._state.until(lambda state: state.phase not in _UNDERWAY)
                    if state.phase is not Phase.CONNECTED:
                        raise state.error or Closed()
                    try:
                        return await self._once(command, answer, at_once)
                    except ConnectionLost:
                        if not again:
                            raise
        except TimeoutError:
            raise NoAnswer from None

    async def _once(self, command: Any, answer: type[T], at_once: Callable[[T], None] | None) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def settle(outcome: T | HubbubError) -> None:
            if future.done():
                return
            if isinstance(outcome, HubbubError):
                future.set_exception(outcome)
                return
            if at_once is not None:
                at_once(outcome)
            future.set_result(outcome)

        self._ask(command, answer, settle)
        return await future

    async def _read_after(self, room: RoomId, seq: Seq) -> EventPage:
        return await self.history(room, after=seq, limit=200)

    def _notice(self, notice: Reset | RoomLost) -> None:
        if isinstance(notice, RoomLost):
            self._delivery.refuse(notice.room, notice.error)
        self._events.notice(notice)

    def _is_live(self, room: RoomId) -> None:
        self._delivery.flush(room)

    def _joined(self, room: RoomId) -> bool:
        track = self._tracks.get(room)
        return track is not None and track.live

    def _sending(self, count: int) -> None:
        self._state.change(sending=count)

    def _retry_seconds(self, attempt: int) -> float:
        return self._backoff.delay_seconds(attempt, self._random)

    def _nonce(self) -> str:
        return f"{int(self._now() * 1000):012x}{self._random_bytes(10).hex()}"


_UNDERWAY = frozenset({Phase.CONNECTING, Phase.RECONNECTING})
