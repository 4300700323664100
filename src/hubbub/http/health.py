"""`/livez`: the process answers. `/readyz`: a message sent now would be stored and delivered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from hubbub.errors import HubbubError

logger = logging.getLogger(__name__)

CHECK_SECONDS: Final = 2.0
"""A check that takes longer has failed."""

Check = Callable[[], Awaitable[None]]


class Health(Struct, frozen=True):
    """The body of `/readyz`. `checks`: "ok" or the reason, by name."""

    status: str
    checks: dict[str, str]


class HealthPages:
    """Both pages, for load balancers and supervisors. They show no details that a stranger could use.

    Args:
        checks: each raises when what it tries does not work.
        closing: whether the server is going down; then it is not ready.
        remarks: what is worth to be seen beside the checks; it makes nothing unready.
        check_seconds: the time limit of each check.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        closing: Callable[[], bool],
        remarks: Mapping[str, Callable[[], str]] | None = None,
        *,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._checks = dict(checks)
        self._remarks = dict(remarks or {})
        self._closing = closing
        self._check_seconds = check_seconds
        self._running: asyncio.Task[dict[str, str]] | None = None

    async def live(self, request: Request) -> Response:
        return Response("ok\n", media_type="text/plain", headers={"cache-control": "no-store"})

    async def ready(self, request: Request) -> Response:
        results = {"server": "shutting_down"} if self._closing() else await self._shared()
        good = all(result == "ok" for result in results.values())
        results = results | {name: remark() for name, remark in self._remarks.items()}
        return Response(
            msgspec.json.encode(Health("ready" if good else "not_ready", results)),
            HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE,
            {"cache-control": "no-store"},
            "application/json",
        )

    async def _shared(self) -> dict[str, str]:
        """Requests at the same time share one run: anybody may ask, and each run writes to the disk."""
        if self._running is None or self._running.done():
            self._running = asyncio.ensure_future(self._run())
        return await asyncio.shield(self._running)

    async def _run(self) -> dict[str, str]:
        results = await asyncio.gather(*(self._result(name, check) for name, check in self._checks.items()))
        return dict(zip(self._checks, results, strict=True))

    async def _result(self, name: str, check: Check) -> str:
        try:
            async with asyncio.timeout(self._check_seconds):
                await check()
        except TimeoutError:
            logger.warning("not ready: %s took too long", name)
            return "timeout"
        except HubbubError as error:
            logger.warning("not ready: %s: %s", name, error.code)
            return error.code
        except Exception:
            logger.exception("not ready: %s failed", name)
            return "failed"
        return "ok"
