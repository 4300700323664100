"""Calls an application's handlers for what clients send, and sends back what they return."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from hubbub.errors import BadField, HubbubError, Internal, UnknownCommand
from hubbub.realtime.core.throttled_log import ThrottledLog

from .answers import NoAnswer
from .emission import AnswerOut, Failure
from .events import Event
from .socket import Socket

logger = logging.getLogger(__name__)

TRACEBACK_SECONDS: Final = 60.0
"""How long the same failure is not logged again."""

_HANDLER: Final = "the handler"


class Dispatcher:
    """Runs handlers: plain functions at once, coroutines as tasks that start in the order of the events."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._tracebacks = ThrottledLog(now, lines=1, window_seconds=TRACEBACK_SECONDS)

    def dispatch(self, socket: Socket, event: Event) -> None:
        """Call what is registered for `event`."""
        handlers = socket.namespace.handlers
        handler = handlers.events.get(event.name)
        if handlers.any or socket.middleware:
            self._spawn(self._call_all(handler, socket, event))
        elif handler is not None:
            self._call(handler, socket, event)
        else:
            _unheard(socket, event)

    def notify(self, handler: Callable[..., Any], *args: Any) -> None:
        """Call a handler that has nothing to answer."""
        try:
            result = handler(*args)
        except Exception as failure:  # noqa: BLE001
            self.log_failure("a handler failed", failure)
            return
        if inspect.isawaitable(result):
            self._spawn(self._logged(result))

    async def close(self, grace_seconds: float) -> None:
        """Let what runs come to its end, at most for the grace; cancel what is left."""
        await asyncio.sleep(0)  # a task that has never run can't be cancelled without a warning of what it was to await
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=grace_seconds)
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _call(self, handler: Callable[..., Any], socket: Socket, event: Event) -> None:
        """The short way: nothing but the event's own handler."""
        try:
            result = handler(socket, *event.args)
        except Exception as failure:  # noqa: BLE001  an application's bug must not end the connection
            _fail(socket, event, self._as_error(failure, _HANDLER, handler, event))
            return
        if inspect.isawaitable(result):
            self._spawn(self._finish(result, handler, socket, event))
        else:
            self._answer(socket, event, result)

    async def _finish(self, result: Awaitable[Any], handler: Callable[..., Any], socket: Socket, event: Event) -> None:
        try:
            value = await result
        except Exception as failure:  # noqa: BLE001
            _fail(socket, event, self._as_error(failure, _HANDLER, handler, event))
        else:
            self._answer(socket, event, value)

    async def _logged(self, result: Awaitable[Any]) -> None:
        try:
            await result
        except Exception as failure:  # noqa: BLE001
            self.log_failure("a handler failed", failure)

    async def _call_all(self, handler: Callable[..., Any] | None, socket: Socket, event: Event) -> None:
        """The long way: middleware, catch-all handlers, then the event's own."""
        result = None
        whose = "a middleware"
        try:
            for middleware in socket.middleware:
                await settle(middleware(event.name, event.args))
            whose = "a catch-all handler"
            for catch_all in socket.namespace.handlers.any:
                result = await settle(catch_all(socket, event.name, *event.args))
            if handler is not None:
                whose = _HANDLER
                result = await settle(handler(socket, *event.args))
        except Exception as failure:  # noqa: BLE001
            _fail(socket, event, self._as_error(failure, whose, handler if whose is _HANDLER else None, event))
        else:
            if handler is None and not socket.namespace.handlers.any:
                _unheard(socket, event)
            else:
                self._answer(socket, event, result)

    def _answer(self, socket: Socket, event: Event, result: Any) -> None:
        """Send a handler's result to the client that asked for it: None is no argument, a tuple several."""
        if event.ref is None:
            return
        args = [] if result is None else list(result) if isinstance(result, tuple) else [result]
        try:
            answer = AnswerOut(event.ref, args, socket.namespace.name)
        except Exception as failure:  # noqa: BLE001
            self.log_failure(f"the answer to {event.name!r} can't be sent", failure)
            _fail(socket, event, Internal())
        else:
            socket.connection.emit(answer)

    def _as_error(
        self, failure: Exception, whose: str, handler: Callable[..., Any] | None, event: Event
    ) -> HubbubError:
        """What the client may know of a failure. A call that does not fit the handler's parameters is the client's."""
        if isinstance(failure, HubbubError):
            return failure
        if isinstance(failure, TypeError) and handler is not None and not _fits(handler, event):
            return BadField(f"The event takes other arguments than the {len(event.args)} given.")
        if isinstance(failure, NoAnswer):  # which is no bug
            logger.info("%s of %r has no answer: %s", whose, event.name, failure)
        else:
            self.log_failure(f"{whose} of {event.name!r} failed", failure)
        return Internal()

    def log_failure(self, text: str, failure: Exception) -> None:
        """With its traceback, once in a while: what one client can cause, it can cause as often as it likes."""
        place = failure.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = "" if place is None else f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}"
        end = self._tracebacks.allowed(f"{type(failure).__qualname__} {where}")
        if end is not None:
            logger.error("%s%s", text, end, exc_info=failure)


async def settle(result: Any) -> Any:
    """What a plain function returned, or what a coroutine comes to."""
    return await result if inspect.isawaitable(result) else result


def _fail(socket: Socket, event: Event, error: HubbubError) -> None:
    """Tell the client that asked: `{"error":{"code","message","retryable"}}` as the answer's argument."""
    if event.ref is not None:
        socket.connection.emit(Failure(event.ref, error, socket.namespace.name))


def _unheard(socket: Socket, event: Event) -> None:
    """Nobody handles it. Socket.IO has no word for that: its client's own time-out is the answer of the field."""
    if socket.wire != "socketio":
        _fail(socket, event, UnknownCommand())


def _fits(handler: Callable[..., Any], event: Event) -> bool:
    try:
        inspect.signature(handler).bind(None, *event.args)
    except TypeError:
        return False
    except ValueError:  # a built-in that does not tell
        return True
    return True
