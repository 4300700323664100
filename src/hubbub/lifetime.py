"""One server from its start to the signal that ends it."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

from hubbub.app import Application
from hubbub.config import Config
from hubbub.process import settle_garbage

logger = logging.getLogger(__name__)


def stop_signals(*, hard: Callable[[], None] | None = None) -> asyncio.Event:
    """An event that is set by SIGTERM or SIGINT. A second one ends the process at once, after `hard`.

    The store survives that.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            if hard is not None:
                hard()
            loop.remove_signal_handler(number)  # as if we had no handler
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal, number)
    return stop


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
    started(app.url)
    await stop.wait()
    logger.info("stopping")
    await app.stop()
    logger.info("stopped")
