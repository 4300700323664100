"""Calls an application's handlers for what clients send, and sends back what they return."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from hubbub.errors import BadField, HubbubError, Internal, UnknownCommand

from .emission import AnswerOut, Failure
from .events import Event
from .socket import Socket

logger = logging.getLogger(__name__)


class Dispatcher:
    """Runs handlers: plain functions at once, coroutines as tasks that start in the order of the events."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

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
        except Exception:
            logger.exception("a handler failed")
            return
        if inspect.isawaitable(result):
            self._spawn(_logged(result))

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
            _fail(socket, event, _as_error(failure, handler, event))
            return
        if inspect.isawaitable(result):
            self._spawn(_finish(result, handler, socket, event))
        else:
            _answer(socket, event, result)

    async def _call_all(self, handler: Callable[..., Any] | None, socket: Socket, event: Event) -> None:
        """The long way: middleware, catch-all handlers, then the event's own."""
        result = None
        try:
            for middleware in socket.middleware:
                await settle(middleware(event.name, event.args))
            for catch_all in socket.namespace.handlers.any:
                result = await settle(catch_all(socket, event.name, *event.args))
            if handler is not None:
                result = await settle(handler(socket, *event.args))
        except Exception as failure:  # noqa: BLE001
            _fail(socket, event, _as_error(failure, handler, event))
        else:
            if handler is None and not socket.namespace.handlers.any:
                _unheard(socket, event)
            else:
                _answer(socket, event, result)


async def settle(result: Any) -> Any:
    """What a plain function returned, or what a coroutine comes to."""
    return await result if inspect.isawaitable(result) else result


async def _finish(result: Awaitable[Any], handler: Callable[..., Any], socket: Socket, event: Event) -> None:
    try:
        value = await result
    except Exception as failure:  # noqa: BLE001
        _fail(socket, event, _as_error(failure, handler, event))
    else:
        _answer(socket, event, value)


async def _logged(result: Awaitable[Any]) -> None:
    try:
        await result
    except Exception:
        logger.exception("a handler failed")


def _answer(socket: Socket, event: Event, result: Any) -> None:
    """Send a handler's result to the client that asked for it: None is no argument, a tuple several."""
    if event.ref is None:
        return
    args = [] if result is None else list(result) if isinstance(result, tuple) else [result]
    try:
        answer = AnswerOut(event.ref, args, socket.namespace.name)
    except Exception:
        logger.exception("the answer to %r can't be sent", event.name)
        _fail(socket, event, Internal())
    else:
        socket.connection.emit(answer)


def _fail(socket: Socket, event: Event, error: HubbubError) -> None:
    """Tell the client that asked: `{"error":{"code","message","retryable"}}` as the answer's argument."""
    if event.ref is not None:
        socket.connection.emit(Failure(event.ref, error, socket.namespace.name))


def _unheard(socket: Socket, event: Event) -> None:
    """Nobody handles it. Socket.IO has no word for that: its client's own time-out is the answer of the field."""
    if socket.wire != "socketio":
        _fail(socket, event, UnknownCommand())


def _as_error(failure: Exception, handler: Callable[..., Any] | None, event: Event) -> HubbubError:
    """What the client may know of a failure. A call that does not fit the handler's parameters is the client's."""
    if isinstance(failure, HubbubError):
        return failure
    if isinstance(failure, TypeError) and handler is not None and not _fits(handler, event):
        return BadField(f"The event takes other arguments than the {len(event.args)} given.")
    logger.error("the handler of %r failed", event.name, exc_info=failure)
    return Internal()


def _fits(handler: Callable[..., Any], event: Event) -> bool:
    try:
        inspect.signature(handler).bind(None, *event.args)
    except TypeError:
        return False
    except ValueError:  # a built-in that does not tell
        return True
    return True
