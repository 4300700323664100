"""A supervised connection as the client uses it: commands with replies, one state, one end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar

import msgspec
from msgspec import Struct

from hubbub.errors import HubbubError
from hubbub.vocabulary import Welcome

from .backoff import Backoff
from .connection import Connection
from .failures import Closed, ConnectionLost, NoAnswer, remote_error
from .frames import Arrived, decode
from .requests import ReplyFrame, Requests
from .state import Observable, Phase, State
from .supervisor import Supervisor, Token

T = TypeVar("T", bound=Struct)

_UNDERWAY: Final = frozenset({Phase.CONNECTING, Phase.RECONNECTING})
_encode = msgspec.json.Encoder().encode


class Listener(Protocol):
    """What the session reports to. Called on the event loop; must not block."""

    def welcomed(self) -> None:
        """Connected, for the first time or again."""
        ...

    def arrived(self, item: Arrived) -> None:
        """An event or a signal."""
        ...

    def interrupted(self) -> None:
        """The connection is gone."""
        ...

    def ended(self, error: HubbubError | None) -> None:
        """There will be no further connection; None: `close` was called."""
        ...


class Session:
    """Connects, reconnects and asks. See `Client` for the arguments."""

    def __init__(
        self,
        listener: Listener,
        dial: Callable[[str], Awaitable[Connection]],
        token: Token | None,
        backoff: Backoff,
        random: Callable[[], float],
        *,
        request_seconds: float,
        stable_seconds: float,
    ) -> None:
        self.state = Observable()
        self._listener = listener
        self._dial = dial
        self._token = token
        self._backoff = backoff
        self._random = random
        self._stable_seconds = stable_seconds
        self._request_seconds = request_seconds
        self._requests = Requests(request_seconds)
        self._refusal: HubbubError | None = None
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
        connection = self._supervisor.connection if self._supervisor is not None else None
        self._supervisor = None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if connection is not None:
            await connection.close()
        if self.state.value.phase is not Phase.CLOSED:
            self._end(None)

    def hurry(self) -> None:
        """Don't wait for the next attempt."""
        if self._supervisor is not None:
            self._supervisor.hurry()

    # commands

    def post(self, command: Struct) -> None:
        """Send a command that needs no answer, if there is a connection."""
        if self._supervisor is not None and self._supervisor.connection is not None:
            self._supervisor.connection.post(_encode(command))

    def ask(self, command: Any, answer: type[T], settle: Callable[[T | HubbubError], None]) -> None:
        """See `asking.Ask`."""
        connection = self._supervisor.connection if self._supervisor is not None else None
        if connection is None:
            settle(Closed() if self._supervisor is None else ConnectionLost())
            return
        ref = self._requests.begin(answer, settle)
        connection.post(_encode(msgspec.structs.replace(command, ref=ref)))

    async def request(
        self, command: Any, answer: type[T], *, again: bool = True, at_once: Callable[[T], None] | None = None
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

        self.ask(command, answer, settle)
        return await future

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
            case _:
                self._listener.arrived(item)

    def lost(self, *, again: bool) -> None:
        """The connection ended."""
        self._listener.interrupted()
        if again:  # otherwise the end of everything follows at once
            error = ConnectionLost()
            self.state.change(phase=Phase.RECONNECTING, transport=None, wire=None, session=None, error=error)
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
            self._dial,
            self._token,
            self._backoff,
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

    def _welcome(self, welcome: Welcome) -> None:
        self._refusal = None
        self.state.change(
            phase=Phase.CONNECTED,
            transport=welcome.transport,
            wire=welcome.wire,
            user=welcome.user,
            session=welcome.session,
            attempt=0,
            error=None,
        )
        self._listener.welcomed()

    def _end(self, error: HubbubError | None) -> None:
        self.state.change(phase=Phase.CLOSED, transport=None, wire=None, session=None, retry_seconds=None, error=error)
        self._listener.ended(error)
        self._requests.abandon(error or Closed())
