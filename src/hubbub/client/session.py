"""A supervised connection as the client uses it: commands with replies, one state, one end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

import msgspec
from msgspec import Struct

from hubbub.errors import HubbubError, TextTooLong
from hubbub.vocabulary import CommandBase, Welcome
from hubbub.vocabulary.declaration import reply_of

from .backoff import Backoff
from .failures import Closed, ConnectionLost, NoAnswer, remote_error
from .frames import Arrived, ReplyFrame
from .requests import Requests
from .state import Observable, Phase, State
from .supervisor import Supervisor, Token
from .transport import Transport
from .transport_choice import TransportChooser

T = TypeVar("T", bound=Struct)

_UNDERWAY: Final = frozenset({Phase.CONNECTING, Phase.RECONNECTING})


class Listener(Protocol):
    """What the session reports to. Called on the event loop; must not block."""

    def welcomed(self) -> None:
        """Connected, for the first time or again."""
        ...

    def arrived(self, item: Arrived) -> None:
        """An event or a signal."""
        ...

    def interrupted(self) -> None:
        """The connection is gone; or another one takes its place, and `welcomed` follows."""
        ...

    def ended(self, error: HubbubError | None) -> None:
        """There will be no further connection; None: `close` was called."""
        ...


class Session:
    """Connects, reconnects and asks. See `Client` for the arguments."""

    def __init__(
        self,
        listener: Listener,
        chooser: TransportChooser,
        token: Token | None,
        backoff: Backoff,
        probe_pauses: Backoff,
        random: Callable[[], float],
        *,
        request_seconds: float,
        stable_seconds: float,
    ) -> None:
        self.state = Observable()
        self._listener = listener
        self._chooser = chooser
        self._token = token
        self._backoff = backoff
        self._probe_pauses = probe_pauses
        self._random = random
        self._stable_seconds = stable_seconds
        self._request_seconds = request_seconds
        self._requests = Requests(request_seconds)
        self._refusal: HubbubError | None = None
        self._frame_bytes: int | None = None
        self._settled = asyncio.Event()
        self._settled.set()
        self._supervisor: Supervisor | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether it connects by itself."""
        return self._task is not None and not self._task.done()

    async def connect(self, *, retry: bool) -> None:
        """Begin unless it runs, and wait until connected; `retry`: however many attempts that takes.

        Raises:
            HubbubError: why it failed. `close` it then.
        """
        if not self.running:
            self._start()

        def settled(state: State) -> bool:
            return state.phase in {Phase.CONNECTED, Phase.CLOSED} or (not retry and state.phase is Phase.RECONNECTING)

        state = await self.state.until(settled)
        if state.phase is not Phase.CONNECTED:
            raise state.error or Closed()

    async def close(self) -> None:
        """End the connection; what waits for an answer gets `Closed`."""
        task, self._task = self._task, None
        supervisor, self._supervisor = self._supervisor, None
        connection = supervisor.connection if supervisor is not None else None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if connection is not None:
            await connection.close()
        if supervisor is not None:
            await supervisor.close()
        if self.state.value.phase is not Phase.CLOSED:
            self._end(None)

    def hurry(self) -> None:
        """Don't wait for the next attempt, be it to connect or to find a better transport."""
        if self._supervisor is not None:
            self._supervisor.hurry()

    # commands

    def post(self, command: Struct) -> None:
        """Send a command that needs no answer, if there is a connection."""
        connection = self._connection
        if connection is not None:
            connection.post(connection.wire.encode(command))

    def ask(self, command: CommandBase[T], settle: Callable[[T | HubbubError], None]) -> None:
        """See `asking.Ask`."""
        connection = self._connection
        if connection is None:
            settle(Closed() if self._supervisor is None else ConnectionLost())
            return
        ref = self._requests.begin(reply_of(type(command)), settle)
        frame = connection.wire.encode(msgspec.structs.replace(command, ref=ref))
        if self._frame_bytes is not None and len(frame) > self._frame_bytes:
            self._requests.refuse(ref, TextTooLong())  # the server would end the connection for good
        else:
            connection.post(frame)

    @property
    def _connection(self) -> Transport | None:
        """The one that takes commands now; none while it is being left for a better one."""
        if self._supervisor is None or not self._settled.is_set():
            return None
        return self._supervisor.connection

    async def request(
        self, command: CommandBase[T], *, again: bool = True, at_once: Callable[[T], None] | None = None
    ) -> T:
        """Ask and wait for the answer.

        Args:
            again: ask on the next connection when this one is lost.
            at_once: called with the answer before anything that the server sent after it is read.

        Raises:
            HubbubError: the server's; `NoAnswer`; `Closed`; `ConnectionLost` unless `again`.
        """
        try:
            async with asyncio.timeout(self._request_seconds):
                while True:
                    state = await self.state.until(lambda state: state.phase not in _UNDERWAY)
                    if state.phase is not Phase.CONNECTED:
                        raise state.error or Closed()
                    await self._settled.wait()
                    try:
                        return await self._once(command, at_once)
                    except ConnectionLost:
                        if not again:
                            raise
        except TimeoutError:
            raise NoAnswer from None

    async def _once(self, command: CommandBase[T], at_once: Callable[[T], None] | None) -> T:
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

        self.ask(command, settle)
        return await future

    # what the supervisor calls

    def received(self, transport: Transport, frame: bytes) -> None:
        """One frame arrived."""
        item = transport.wire.decode(frame)
        match item:
            case ReplyFrame():
                if not self._requests.resolve(item) and item.error is not None and item.ref is None:
                    self._refusal = remote_error(item.error)
            case Welcome():
                self._welcome(transport, item)
            case _:
                self._listener.arrived(item)

    async def settle(self) -> None:
        """Keep back further commands until `switched`; return when all that were asked are answered."""
        self._settled.clear()
        await self._requests.answered()

    def switched(self) -> None:
        """Another connection took the place of the present one."""
        self._listener.interrupted()
        self._settled.set()
        self._requests.abandon(ConnectionLost())

    def lost(self, *, again: bool) -> None:
        """The connection ended."""
        self._settled.set()
        self._listener.interrupted()
        if again:  # otherwise the end of everything follows at once
            error = ConnectionLost()
            self.state.change(
                phase=Phase.RECONNECTING, transport=None, wire=None, session=None, fallback=(), error=error
            )
            self._requests.abandon(error)

    def refusal(self) -> HubbubError | None:
        """What the server said to the last connection instead of a welcome."""
        refusal, self._refusal = self._refusal, None
        return refusal

    def gave_up(self, error: HubbubError) -> None:
        """There will be no further connection."""
        self._end(error)

    def _start(self) -> None:
        self.state.change(phase=Phase.CONNECTING, error=None, attempt=0)
        self._supervisor = Supervisor(
            self,
            self.state,
            self._chooser,
            self._token,
            self._backoff,
            self._probe_pauses,
            self._random,
            stable_seconds=self._stable_seconds,
        )
        self._task = asyncio.create_task(self._supervisor.run())
        self._task.add_done_callback(self._stopped)

    def _stopped(self, task: asyncio.Task[None]) -> None:
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            error = Closed(f"The client stopped: {type(failure).__name__}: {failure}")
            error.__cause__ = failure
            self._end(error)

    def _welcome(self, transport: Transport, welcome: Welcome) -> None:
        self._refusal = None
        self._frame_bytes = welcome.limits.frame_bytes
        transport.expect(welcome.heartbeat_seconds, welcome.limits.frame_bytes)
        self.state.change(
            phase=Phase.CONNECTED,
            transport=welcome.transport,
            wire=welcome.wire,
            user=welcome.user,
            session=welcome.session,
            fallback=self._chooser.setbacks(transport.name),
            attempt=0,
            error=None,
        )
        self._listener.welcomed()

    def _end(self, error: HubbubError | None) -> None:
        self.state.change(
            phase=Phase.CLOSED, transport=None, wire=None, session=None, fallback=(), retry_seconds=None, error=error
        )
        self._listener.ended(error)
        self._requests.abandon(error or Closed())
