"""What everything that is open on one port shares, so that each carries one reference instead of ten."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from hubbub.realtime.core.addresses import STUCK_SECONDS, Strangers, Waiting
from hubbub.realtime.core.deadlines import Checked, Deadlines, Timed
from hubbub.realtime.core.meter import Rate
from hubbub.realtime.core.settings import GatewaySettings
from hubbub.realtime.core.throttled_log import ThrottledLog
from hubbub.realtime.core.turns import Turns
from hubbub.realtime.fanout.direct_write import PendingWrites
from hubbub.wire.deflate import Deflate
from hubbub.wire.websocket import Framer

from .heartbeat import Heartbeat

if TYPE_CHECKING:
    from .engineio import EngineSession
    from .websocket import WebSocketTransport

ASK_SECONDS: Final = 10.0
"""How long a client may ask why its session has ended."""

_SESSIONS_MAX: Final = 1000


class EndedSessions:
    """The last words of sessions that are over, by sid, for some seconds. The oldest make room for new ones."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._words: dict[str, tuple[bytes, asyncio.TimerHandle]] = {}

    def __len__(self) -> int:
        return len(self._words)

    def keep(self, sid: str, words: bytes) -> None:
        if len(self._words) >= _SESSIONS_MAX:
            self.take(next(iter(self._words)))
        self._words[sid] = (words, self._loop.call_later(ASK_SECONDS, self.take, sid))

    def take(self, sid: str) -> bytes | None:
        """The words, once; None when there are none."""
        found = self._words.pop(sid, None)
        if found is None:
            return None
        found[1].cancel()
        return found[0]


class TransportContext:
    """Shared by everything that is open, whatever is said on it.

    Attributes:
        node: prefix of connection ids, unique among nodes.
        sessions: Engine.IO sessions by sid.
        links: open WebSockets, closing ones included.
        goodbyes: those whose close handshake waits for the client.
        unsent: those of them whose transports may hold bytes.
        throttled_log: log lines about what clients do.
        ended_sessions: what long-polling sessions that are over could not be told.
        stalls: connections that speak HTTP, each looked at once in `stalled_seconds`.
        least_bytes: what has to be read, or sent, from one look to the next.
        turns: where those go on who have more to do than their budget.
        rate: of one connection; None: no limit.
        slowed: how often a connection was read more slowly, because it had used its rate.
        limited: how many connections were closed for it, or because too much waited for their address.
        strangers: Engine.IO sessions whose client has not connected to a namespace yet.
        waiting: what waits for clients that do not read.
        framers: what makes frames, by what was agreed with the client: one for all who agreed to the same.
    """

    def __init__(self, settings: GatewaySettings, loop: asyncio.AbstractEventLoop, node: str) -> None:
        self.settings = settings
        self.loop = loop
        self.node = node
        self.heartbeat = Heartbeat(loop, settings.heartbeat_seconds, settings.heartbeat_timeout_seconds)
        self.deadlines = Deadlines(loop, settings.handshake_seconds)
        self.stalls: Timed[Checked] = Timed(loop, settings.stalled_seconds, lambda http: http.check())
        self.least_bytes = settings.stalled_seconds * settings.least_bytes_per_second
        self.sessions: dict[str, EngineSession] = {}
        self.links = 0
        self.goodbyes: set[WebSocketTransport] = set()
        self.unsent = PendingWrites(loop)
        self.turns = Turns(loop)
        self.rate = Rate.of(settings.work_per_second)
        self.slowed = 0
        self.limited = 0
        self.strangers = Strangers(settings.strangers_per_address, settings.handshake_seconds)
        self.waiting = Waiting(settings.waiting_bytes_per_address)
        self.closing = False
        self.ended_sessions = EndedSessions(loop)
        self.throttled_log = ThrottledLog(loop.time)
        self.framers: dict[tuple[Deflate | None, bool], Framer] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def new_key(self) -> str:
        """A secret id of what further requests name: `<node>.<random>`, so that any node knows whose it is."""
        return f"{self.node}.{secrets.token_urlsafe(15)}"

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run to the end in the background; `close` cancels what is left."""
        task = self.loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def fill(
        self, holder: object, peer: str, size: int, cut: Callable[[], None], *, stuck: Callable[[], bool] | None = None
    ) -> None:
        """This one's buffer is full. When too much waits for its address and goes on waiting, `cut` ends it.

        `size`: bytes; `stuck`: whether nothing has moved since; None: what moves leaves `waiting`.
        """
        if self.waiting.enter(holder, peer, size):
            self.loop.call_later(STUCK_SECONDS, self._cut_if_stuck, holder, cut, stuck)

    def _cut_if_stuck(self, holder: object, cut: Callable[[], None], stuck: Callable[[], bool] | None) -> None:
        if self.waiting.full(holder) and (stuck is None or stuck()):
            self.limited += 1
            cut()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
