"""The handlers that an application registers, and how it refuses a client."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final

from hubbub.errors import Forbidden

from .emission import REPLY, RESERVED
from .socket import Socket


class ConnectionRefused(Forbidden):
    """Raised by a middleware or a connect handler: this client may not connect.

    Args:
        message: what the client reads as `error.message`.
        data: what a Socket.IO client reads as `error.data`; anything that JSON can carry.
    """

    code = "refused"

    def __init__(self, message: str = "Connection refused.", data: Any = None) -> None:
        super().__init__(message)
        self.data = data


Middleware = Callable[[Socket], Awaitable[None] | None]

_LIFE: Final = frozenset({"connect", "disconnect"})


class Handlers:
    """Shared by the namespaces of one pattern.

    Attributes:
        events: by the event's name; "connect" and "disconnect" among them, which no client can send.
        any: called for every event.
        middleware: called for every socket before it is connected, in this order.
    """

    def __init__(self) -> None:
        self.events: dict[str, Callable[..., Any]] = {}
        self.any: list[Callable[..., Any]] = []
        self.middleware: list[Middleware] = []

    def register(self, event: str, handler: Callable[..., Any]) -> None:
        """Raises ValueError for a name that nobody can send, TypeError for a handler that takes no socket."""
        if event in _LIFE:
            handler = _of_life(event, handler)
        elif event in RESERVED or event == REPLY:
            raise ValueError(f"{event!r} is a reserved event name")
        self.events[event] = handler


def _of_life(event: str, handler: Callable[..., Any]) -> Callable[..., Any]:
    """A connect or disconnect handler may leave its second parameter out."""
    signature = inspect.signature(handler)
    for count in (2, 1):
        try:
            signature.bind(*[None] * count)
        except TypeError:
            continue
        return handler if count == 2 else lambda socket, _: handler(socket)
    second = "auth" if event == "connect" else "reason"
    raise TypeError(f"a {event} handler takes (socket, {second}) or (socket)")
