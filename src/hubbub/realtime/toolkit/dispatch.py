"""Calls an application's handlers for what clients send, and sends back what they return."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from hubbub.errors import BadField, HubbubError, Internal, UnknownCommand

from .emission import AnswerOut, Failure
from .events import Event
from .socket import Socket

logger = logging.getLogger(__name__)


class Dispatcher:
    """Runs handlers. Plain functions run at once; coroutines run as tasks that start in the order of the events."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def dispatch(self, socket: Socket, event: Event) -> None:
        """Call what is registered for `event`."""
        handlers = socket.namespace.handlers
        handler = handlers.events.get(event.name)
        if handler is None and not handlers.any:
            if event.ref is not None and socket.wire != "socketio":
                fail(socket, event, UnknownCommand())  # a Socket.IO client's own time-out is the field's answer
            return
        if not handlers.any and not socket.middleware and handler is not None:
            if inspect.iscoroutinefunction(handler):
                self._spawn(self._call(handler, socket, event))
            else:
                self._call_plain(handler, socket, event)
        else:
            self._spawn(self._call_all(handler, socket, event))

    def run(self, handler: Callable[..., Any], *args: Any) -> None:
        """Call a handler that has nothing to answer."""
        try:
            result = handler(*args)
        except Exception:
            logger.exception("a handler failed")
            return
        if inspect.iscoroutine(result):
            self._spawn(_logged(result))

    async def close(self) -> None:
        """End what still runs."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _call_plain(self, handler: Callable[..., Any], socket: Socket, event: Event) -> None:
        try:
            result = handler(socket, *event.args)
        except Exception as failure:  # noqa: BLE001  an application's bug must not end the connection
            fail(socket, event, _as_error(failure, handler, event))
            return
        if inspect.isawaitable(result):
            self._spawn(self._finish(result, handler, socket, event))
        else:
            answer(socket, event, result)

    async def _call(self, handler: Callable[..., Any], socket: Socket, event: Event) -> None:
        try:
            result = await handler(socket, *event.args)
        except Exception as failure:  # noqa: BLE001
            fail(socket, event, _as_error(failure, handler, event))
        else:
            answer(socket, event, result)

    async def _finish(self, result: Any, handler: Callable[..., Any], socket: Socket, event: Event) -> None:
        try:
            value = await result
        except Exception as failure:  # noqa: BLE001
            fail(socket, event, _as_error(failure, handler, event))
        else:
            answer(socket, event, value)

    async def _call_all(self, handler: Callable[..., Any] | None, socket: Socket, event: Event) -> None:
        """The long way: middleware, catch-all handlers, then the event's own."""
        try:
            for middleware in socket.middleware:
                await _settle(middleware(event.name, event.args))
            result = None
            for catch_all in socket.namespace.handlers.any:
                result = await _settle(catch_all(socket, event.name, *event.args))
            if handler is not None:
                result = await _settle(handler(socket, *event.args))
        except Exception as failure:  # noqa: BLE001
            fail(socket, event, _as_error(failure, handler or self._call_all, event))
        else:
            answer(socket, event, result)


def answer(socket: Socket, event: Event, result: Any) -> None:
    """Send a handler's result to the client that asked for it: None is no argument, a tuple several."""
    if event.ref is None:
        return
    args = [] if result is None else list(result) if isinstance(result, tuple) else [result]
    socket.connection.emit(AnswerOut(event.ref, args, socket.namespace.name))


def fail(socket: Socket, event: Event, error: HubbubError) -> None:
    """Tell the client that asked: `{"error":{"code","message","retryable"}}` as the answer's argument."""
    if event.ref is not None:
        socket.connection.emit(Failure(event.ref, error, socket.namespace.name))


def _as_error(failure: Exception, handler: Callable[..., Any], event: Event) -> HubbubError:
    """What the client may know of a failure. A call that does not fit the handler's parameters is the client's."""
    if isinstance(failure, HubbubError):
        return failure
    if isinstance(failure, TypeError) and not _fits(handler, event):
        return BadField(f"The event takes other arguments than the {len(event.args)} given.")
    logger.error("the handler of an event failed", exc_info=failure)
    return Internal()


def _fits(handler: Callable[..., Any], event: Event) -> bool:
    try:
        inspect.signature(handler).bind(None, *event.args)
    except TypeError:
        return False
    return True


async def _logged(coroutine: Coroutine[Any, Any, Any]) -> None:
    try:
        await coroutine
    except Exception:
        logger.exception("a handler failed")


async def _settle(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result
