"""A server of the native wire whose misbehaviour a test decides: it drops, repeats, skips, delays and refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from hubbub.errors import CursorAhead, ErrorBody, HubbubError, Unauthenticated, UnknownRoom
from hubbub.vocabulary import (
    Command,
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
    Limits,
    Member,
    MemberPage,
    Members,
    Message,
    Read,
    ReadMark,
    Reply,
    RoomCursor,
    RoomEntry,
    RoomId,
    RoomList,
    RoomOutcome,
    Rooms,
    RoomState,
    Send,
    Sent,
    Subscribe,
    Subscribed,
    User,
    UserName,
    Watch,
    Watching,
    Welcome,
)
from hubbub.wire import SUBPROTOCOL, NativeJson

WIRE = NativeJson(Command)
TOKEN = "right"


class Scripted:
    """One room, `general`, with a log. `script` sees each command first and returns True when it dealt with it."""

    def __init__(self) -> None:
        self.log: list[Message] = []
        self.nonces: dict[str, Sent] = {}
        self.commands: list[Command] = []
        self.connections: list[ServerConnection] = []
        self.joined: set[ServerConnection] = set()
        self.tokens: list[str] = []
        self.script: Callable[[ServerConnection, Command], bool] = lambda connection, command: False
        self.refuse_with: HTTPStatus | None = None
        self.turn_away_with: int | None = None
        """Close code of new connections, before the welcome."""
        self.url = ""
        self._changed = asyncio.Condition()

    # what a test does

    def say(self, text: str, *, nonce: str | None = None, deliver: bool = True) -> Message:
        """Append a message; `deliver` False: lose its event."""
        message = Message(RoomId("general"), len(self.log) + 1, UserName("bob"), 1_000 + len(self.log), text)
        self.log.append(message)
        if nonce is not None:
            self.nonces[nonce] = Sent(message.seq, message.ts)
        if deliver:
            self.deliver(message)
        return message

    def deliver(self, *events: Event) -> None:
        for connection in self.joined:
            for event in events:
                self.write(connection, WIRE.encode(event))

    def write(self, connection: ServerConnection, data: bytes) -> None:
        connection.protocol.send_text(data)
        connection.send_data()

    def drop(self) -> None:
        """Cut every connection without a closing handshake."""
        for connection in self.connections:
            connection.transport.abort()

    async def close(self, code: int, reason: str = "") -> None:
        for connection in tuple(self.connections):
            await connection.close(code, reason)

    def sends(self) -> list[str]:
        """The texts of all `send` commands that arrived, repeats included."""
        return [command.text for command in self.commands if isinstance(command, Send)]

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something that a command or a connection brings about."""
        async with self._changed:
            await self._changed.wait_for(happened)

    # what the server does

    async def handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        token = connection.request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.tokens.append(token)
        if token != TOKEN:
            self.write(connection, WIRE.encode_error(None, Unauthenticated()))
            await connection.close(4500, "unauthenticated")
            return
        if self.turn_away_with is not None:
            await connection.close(self.turn_away_with)
            return
        self.connections.append(connection)
        await self._notify()
        user = User(UserName("ada"), "Ada", admin=True)
        welcome = Welcome(user, "s1", "websocket", "native.json", 25.0, Limits(16384, 65536))
        self.write(connection, WIRE.encode(welcome))
        try:
            while True:
                command = WIRE.decode(await connection.recv(decode=False))
                self.commands.append(command)
                if not self.script(connection, command):
                    self.answer(connection, command)
                await self._notify()
        except ConnectionClosed:
            pass
        finally:
            self.connections.remove(connection)
            self.joined.discard(connection)
            await self._notify()

    def answer(self, connection: ServerConnection, command: Command) -> None:
        try:
            ok = self._perform(connection, command)
        except HubbubError as error:
            self.write(connection, WIRE.encode_error(command.ref, error))
            return
        if command.ref is not None and ok is not None:
            self.write(connection, WIRE.encode_reply(command.ref, ok))
        if isinstance(command, Join):
            self._receive(connection, command.since)
        if isinstance(command, Subscribe) and isinstance(ok, Subscribed):
            for asked, one in zip(command.rooms, ok.rooms, strict=True):
                if one.error is None:
                    self._receive(connection, asked.since)
        if isinstance(command, Send) and isinstance(ok, Sent) and not ok.repeat:
            self.deliver(self.log[ok.seq - 1])

    def _receive(self, connection: ServerConnection, since: int | None) -> None:
        for event in self.log[since:] if since is not None else []:
            self.write(connection, WIRE.encode(event))
        self.joined.add(connection)

    def _outcome(self, asked: RoomCursor) -> RoomOutcome:
        if asked.room != "general":
            return RoomOutcome(asked.room, error=ErrorBody.of(UnknownRoom()))
        if asked.since is not None and asked.since > len(self.log):
            return RoomOutcome(asked.room, error=ErrorBody.of(CursorAhead()))
        return RoomOutcome(asked.room, len(self.log), title="General")

    def _perform(self, connection: ServerConnection, command: Command) -> Reply | None:
        room = getattr(command, "room", None)
        if room not in {None, "general"} and not isinstance(command, CreateRoom):
            raise UnknownRoom
        head = len(self.log)
        match command:
            case Join(since=since):
                if since is not None and since > head:
                    raise CursorAhead
                return Joined(RoomId("general"), head, 0, head, "General")
            case Subscribe(rooms=rooms):
                return Subscribed([self._outcome(one) for one in rooms])
            case Leave():
                self.joined.discard(connection)
                return Done()
            case Send(text=text, nonce=nonce):
                if nonce in self.nonces:
                    return msgspec.structs.replace(self.nonces[nonce], repeat=True)
                self.say(text, nonce=nonce, deliver=False)
                return self.nonces[nonce]
            case History(after=after, limit=limit):
                found = self.log[after or 0 :][:limit]
                return EventPage(list(found), bool(found) and found[-1].seq < head, head)
            case Rooms():
                return RoomList([RoomState(RoomId("general"), head, 0, head)])
            case Directory():
                return DirectoryPage([RoomEntry(RoomId("general"), members=1)], more=False)
            case CreateRoom(room=new, title=title):
                return RoomEntry(new, title, members=1, member=True)
            case Members():
                return MemberPage([Member(UserName("ada"))], more=False, total=1)
            case Read(seq=seq):
                return ReadMark(RoomId("general"), seq, head - seq)
            case Watch(room=watched):
                return Watching(watched, 1, [UserName("ada")])
            case _:
                return None

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if self.refuse_with is not None:
            return connection.respond(self.refuse_with, "no\n")
        return None


@asynccontextmanager
async def scripted(port: int = 0, state: Scripted | None = None) -> AsyncIterator[Scripted]:
    """Serve on a free port. With `state` and `port` of an earlier one it is the same server, started again."""
    one = state or Scripted()
    server: Server
    async with serve(
        one.handle,
        "127.0.0.1",
        port,
        subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
        process_request=one.admit,
        compression=None,
        close_timeout=1,
    ) as server:
        one.url = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield one
