"""How an application says no."""

from __future__ import annotations

from typing import Any

from hubbub.errors import Forbidden


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
