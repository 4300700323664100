"""A client of a Hubbub server: it reconnects, resumes and resends by itself.

    async with Client("http://localhost:8000", token) as client:
        await client.join("general")
        await client.send("general", "hello")
        async for event in client.events():
            ...

docs/python-client.md has the rest.
"""

from __future__ import annotations

import os
import random as random_module
import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from msgspec import Struct

from hubbub.errors import HubbubError, NotJoined
from hubbub.vocabulary import (
    ChangeRoom,
    CommandBase,
    CreateRoom,
    Delete,
    Directory,
    DirectoryPage,
    Done,
    Edit,
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
    ProfileChanged,
    React,
    ReactionPage,
    Read,
    ReadChanged,
    ReadMark,
    ReadReactions,
    ReadVersions,
    RoomEntry,
    RoomId,
    Rooms,
    RoomState,
    Send,
    Sent,
    Seq,
    SubscribedAtOnce,
    Typing,
    TypingChanged,
    Unreact,
    UserName,
    Versions,
    Watch,
    Watching,
)

from .backoff import Backoff
from .delivery import Delivery
from .failures import Closed
from .frames import Arrived, Unknown
from .joiner import Joiner
from .outbox import Nonces, OutboxStorage, Outgoing, Write
from .rooms import Tracks, Verdict
from .session import Session
from .state import Phase, State
from .stream import EventStream, Reset, RoomLost, SignalStream
from .supervisor import Token
from .transport import place
from .transport_choice import (
    PROBE_CAP_SECONDS,
    PROBE_SECONDS,
    TransportChoice,
    TransportChooser,
    TransportOpener,
    WireChoice,
    transports_for,
)

R = TypeVar("R", bound=Struct)

ClientSignal = TypingChanged | Presence | ReadChanged | Membership | ProfileChanged


class Client:
    """One user's connection that outlives its sockets. Use it on one event loop.

    Every call but `send` ends within `request_seconds`, waiting for a connection included, or raises `NoAnswer`.
    What the server refuses is raised as the `HubbubError` of that code; `Closed` when the client does not run.

    Args:
        url: the server's, `http(s)://HOST[:PORT]`.
        token: of a login, or what gives it; asked before each connection.
        transport: "auto": a WebSocket, or else Server-Sent Events, or else long-polling, with a look for something
            better from time to time; or one of them only. `state` says which, and why.
        wire: "msgpack": the compact wire where the server speaks it and the transport can carry it; or "json".
        tls: for https; None: the system's certificates.
        open_seconds: for connecting and signing in by one transport; at most 5 where another one is left to try.
        keepalive_seconds: a connection that does not answer a ping for so long counts as lost.
        probe_pauses: the pauses between looks for a better transport, which are 0.5 to 1.5 times its limits.
        stable_seconds: a connection that lasted so long starts the backoff anew. One that a restarting server ended
            (close code 4000) leaves it as it is.
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
        transport: TransportChoice = "auto",
        wire: WireChoice = "msgpack",
        tls: ssl.SSLContext | None = None,
        backoff: Backoff | None = None,
        probe_pauses: Backoff | None = None,
        request_seconds: float = 30.0,
        open_seconds: float = 10.0,
        keepalive_seconds: float = 20.0,
        stable_seconds: float = 5.0,
        storage: OutboxStorage | None = None,
        now: Callable[[], float] = time.time,
        random: Callable[[], float] = random_module.random,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        dialer = TransportOpener(place(url, tls, keepalive_seconds), wire)
        self._backoff = backoff or Backoff()
        self._now = now
        self._random = random
        self._nonces = Nonces(now, random_bytes)
        self._session = Session(
            self,
            TransportChooser(transports_for(transport), dialer.open, open_seconds),
            token,
            self._backoff,
            probe_pauses or Backoff(PROBE_SECONDS, PROBE_CAP_SECONDS),
            random,
            request_seconds=request_seconds,
            stable_seconds=stable_seconds,
        )
        self._tracks = Tracks()
        self._joiner = Joiner(self._tracks, self._session.ask, self._is_live, self._notice, self._retry_seconds)
        self._delivery = Delivery(self._session.ask, self._joined, self._sending, self._retry_seconds, storage)
        self._events = EventStream(self._read_after, self.cursor)
        self._signals: SignalStream[ClientSignal] = SignalStream()
        self._watched: RoomId | None = None
        self._loaded = False

    # the connection

    @property
    def state(self) -> State:
        """What the client is doing now."""
        return self._session.state.value

    def observe(self, observer: Callable[[State], None]) -> Callable[[], None]:
        """Call `observer` with each later state, on the event loop. Returns what ends that."""
        return self._session.state.observe(observer)

    async def connect(self, *, retry: bool = False) -> Self:
        """Start, and wait until connected. From then on the client reconnects by itself.

        Args:
            retry: go on when the first attempt fails, instead of raising.

        Raises:
            HubbubError: why it failed; the client is closed and may be connected again.
        """
        if not self._loaded:
            await self._delivery.load()
            self._loaded = True
        if self.state.phase is Phase.CLOSED:
            self._events = EventStream(self._read_after, self.cursor)
            self._signals = SignalStream()
        try:
            await self._session.connect(retry=retry)
        except BaseException:
            await self.close()
            raise
        return self

    async def close(self) -> None:
        """End the connection and everything that waits. Unacknowledged messages stay in the outbox."""
        await self._session.close()
        await self._delivery.close()

    def reconnect_now(self) -> None:
        """Don't wait for the next attempt: the network is back, or the user asks.

        On a fallback it looks for a better transport at once.
        """
        self._session.hurry()

    async def __aenter__(self) -> Self:
        return await self.connect()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def ask(self, command: CommandBase[R], *, again: bool = True) -> R:
        """The server's reply to any command of `hubbub.vocabulary`.

        What the client keeps track of has methods of its own below: joining and leaving, sending, watching.

        Args:
            again: ask on the next connection when this one is lost. Otherwise that raises `ConnectionLost`.
        """
        return await self._session.request(command, again=again)

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

        return await self._session.request(Join(name, since), at_once=joined)

    async def leave(self, room: str) -> None:
        """Stop being a member."""

        def left(_: Done) -> None:
            self._tracks.remove(RoomId(room))

        await self._session.request(Leave(RoomId(room)), at_once=left)

    async def rooms(self) -> list[RoomState]:
        """The rooms that I am a member of, with unread counts, by id. Asked for in pages."""
        found: dict[str, RoomState] = {}
        after: RoomId | None = None
        while True:
            page = await self._session.request(Rooms(after))
            found.update((state.room, state) for state in page.rooms)
            if not page.more:
                return [state for _, state in sorted(found.items())]
            after = page.rooms[-1].room

    async def directory(self, after: str | None = None, limit: int = 100) -> DirectoryPage:
        """A page of the public rooms."""
        return await self._session.request(Directory(None if after is None else RoomId(after), limit))

    async def create_room(self, room: str, title: str = "", topic: str = "") -> RoomEntry:
        """Create a public room, as its first member. `ConnectionLost`: it may exist or not."""
        return await self._session.request(CreateRoom(RoomId(room), title, topic), again=False)

    async def members(self, room: str, after: str | None = None, limit: int = 100) -> MemberPage:
        """A page of a room's members, by name."""
        return await self._session.request(Members(RoomId(room), after, limit))

    async def history(
        self, room: str, *, before: Seq | None = None, after: Seq | None = None, limit: int = 50
    ) -> EventPage:
        """A page of a room's log, ascending. Neither `before` nor `after`: the newest."""
        return await self._session.request(History(RoomId(room), before, after, limit))

    async def read(self, room: str, seq: Seq) -> ReadMark:
        """Set my read mark; it only moves forward."""
        return await self._session.request(Read(RoomId(room), seq))

    async def watch(self, room: str | None) -> Watching:
        """Receive presence and typing of this room, from now on across reconnects; None: of no room."""
        name = None if room is None else RoomId(room)

        def watching(_: Watching) -> None:
            self._watched = name

        return await self._session.request(Watch(name), at_once=watching)

    def typing(self, room: str, typing: bool = True) -> None:
        """Say that I am typing. It is not kept for later when there is no connection."""
        if self._joined(RoomId(room)):
            self._session.post(Typing(RoomId(room), typing))

    def cursor(self, room: str) -> Seq | None:
        """The last `seq` of a joined room that arrived; None: not joined."""
        track = self._tracks.get(RoomId(room))
        return None if track is None else track.cursor

    # messages

    async def send(self, room: str, text: str, nonce: str | None = None, *, reply_to: Seq | None = None) -> Sent:
        """Say something in a joined room. Returns when it is durable, however many reconnects that takes.

        To stop waiting does not stop the message. Called again with the same nonce, it waits for the same message.

        Args:
            reply_to: the message that it answers.

        Raises:
            NotJoined: `join` the room first.
            HubbubError: the server refused the message for good.
            Closed: the client ended first. The message is in the outbox and goes out when the client is connected
                and joins the room again.
        """
        return await self._write(Send(RoomId(room), text, nonce or self._nonces.next(), reply_to))

    async def edit(self, room: str, seq: Seq, text: str, nonce: str | None = None) -> Sent:
        """Give a message of mine another text. It goes the way of `send`, as do all changes below."""
        return await self._write(Edit(RoomId(room), seq, text, nonce or self._nonces.next()))

    async def delete(self, room: str, seq: Seq, nonce: str | None = None) -> Sent:
        """Delete a message of mine, or as an administrator anybody's. Its texts are gone, its `seq` stays."""
        return await self._write(Delete(RoomId(room), seq, nonce or self._nonces.next()))

    async def react(self, room: str, seq: Seq, emoji: str, nonce: str | None = None) -> Sent:
        """Put an emoji to a message; `Sent.repeat` when mine is there already."""
        return await self._write(React(RoomId(room), seq, emoji, nonce or self._nonces.next()))

    async def unreact(self, room: str, seq: Seq, emoji: str, nonce: str | None = None) -> Sent:
        """Take it back."""
        return await self._write(Unreact(RoomId(room), seq, emoji, nonce or self._nonces.next()))

    async def change_room(
        self, room: str, *, title: str | None = None, topic: str | None = None, nonce: str | None = None
    ) -> Sent:
        """Give a joined room another title or topic; what is None stays as it is."""
        return await self._write(ChangeRoom(RoomId(room), nonce or self._nonces.next(), title, topic))

    async def versions(self, room: str, seq: Seq) -> Versions:
        """The texts that a message had, the oldest first."""
        return await self.ask(ReadVersions(RoomId(room), seq))

    async def reactions(
        self, room: str, seq: Seq, emoji: str, after: str | None = None, limit: int = 50
    ) -> ReactionPage:
        """Who reacted to a message by an emoji, in the order of reacting. `after`: the last name of the page before."""
        name = None if after is None else UserName(after)
        return await self.ask(ReadReactions(RoomId(room), seq, emoji, name, limit))

    def outbox(self) -> list[Outgoing]:
        """The messages and changes that the server has not acknowledged, oldest first."""
        return self._delivery.pending()

    def events(self) -> EventStream:
        """The events of all joined rooms: each once, in order within its room. For one consumer.

        Between them stand a `Reset` when a room's log was replaced, and a `RoomLost` when the room is not open to
        the user any more. The iteration ends when the client is closed, and raises when it gave up.
        """
        return self._events

    def signals(self) -> SignalStream[ClientSignal]:
        """Typing, presence, read marks, memberships and new display names, as they pass. For one consumer."""
        return self._signals

    # what the session calls

    def welcomed(self) -> None:
        """Connected: join the rooms again."""
        self._joiner.resume()
        if self._watched is not None:
            self._session.ask(Watch(self._watched), lambda _: None)

    def arrived(self, item: Arrived) -> None:
        """An event or a signal."""
        match item:
            case TypingChanged() | Presence() | ReadChanged() | ProfileChanged():
                self._signals.push(item)
            case Membership():
                if not item.member:
                    self._tracks.remove(item.room)
                self._signals.push(item)
            case Unknown() | SubscribedAtOnce():
                pass  # a later version's; an answer to what this client does not ask
            case _:
                self._event(item)

    def interrupted(self) -> None:
        """The connection is gone: no room is joined, no message on its way."""
        self._tracks.interrupted()
        self._delivery.interrupted()

    def ended(self, error: HubbubError | None) -> None:
        """There will be no further connection."""
        self._events.end(error)
        self._signals.end(error)
        self._delivery.abandon(error or Closed())

    # inside

    async def _write(self, command: Write) -> Sent:
        if self.state.phase in {Phase.IDLE, Phase.CLOSED}:
            raise Closed
        if self._tracks.get(command.room) is None:
            raise NotJoined
        return await self._delivery.send(Outgoing(command, created_ms=int(self._now() * 1000)))

    def _event(self, event: Event) -> None:
        track = self._tracks.get(event.room)
        if track is None:
            return
        match track.event(event.seq):
            case Verdict.DELIVER:
                self._events.push(event)
            case Verdict.REJOIN:
                self._joiner.rejoin(track)
            case Verdict.DROP:
                pass

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
        self._session.state.change(sending=count)

    def _retry_seconds(self, attempt: int) -> float:
        return self._backoff.delay_seconds(attempt, self._random)
