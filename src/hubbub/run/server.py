"""One server from its start to the signal that ends it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Final

from hubbub.app import Application
from hubbub.config import Config

from .process import end_within, give_back_memory, settle_garbage

logger = logging.getLogger(__name__)

_LAST_SECONDS: Final = 10.0
"""Beyond what clients have, to end commits, say goodbye to other nodes, and close the store."""


class Stop(asyncio.Event):
    """Set once the server is to stop.

    Args:
        limit_seconds: what the process then has to end.

    Attributes:
        begun: whether that time has begun.
    """

    def __init__(self, limit_seconds: float) -> None:
        super().__init__()
        self.begun = False
        self._limit_seconds = limit_seconds

    def begin(self) -> None:
        """Whatever becomes of `set`, which needs the event loop. May be called in a signal handler."""
        if not self.begun:
            self.begun = True
            end_within(self._limit_seconds)

    def set(self) -> None:
        self.begin()
        super().set()


def stop_limit_seconds(grace_seconds: float) -> float:
    """How long a stop may take: clients have the grace, then so have requests that were begun, then come the stores."""
    return 2 * max(1.0, grace_seconds) + _LAST_SECONDS


def stop_signals(stop: Stop, *, hard: Callable[[], None] | None = None) -> None:
    """SIGTERM and SIGINT set it. A second one ends the process at once, after `hard`. The store survives that.

    The handlers are Python's, not the event loop's: they run also when something on the loop does not end.
    """
    loop = asyncio.get_running_loop()

    def on_signal(number: int, _: FrameType | None) -> None:
        if stop.begun:
            if hard is not None:
                hard()
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.begin()
        with suppress(RuntimeError):  # the loop is closed: it ends already
            loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)


async def serve(
    config: Config, stop: asyncio.Event, started: Callable[[str], None], *, shared_port: bool = False
) -> None:
    """Run a server until `stop` is set.

    Args:
        started: gets its address when it accepts connections.
        shared_port: further processes of this server accept on the port, too.

    Raises:
        StartError: it can't start.
    """
    app = Application(config, shared_port=shared_port)
    await app.start()
    settle_garbage()
    giving_back = asyncio.ensure_future(give_back_memory())
    started(app.url)
    await stop.wait()
    giving_back.cancel()
    logger.info("stopping")
    await app.stop()
    logger.info("stopped")
