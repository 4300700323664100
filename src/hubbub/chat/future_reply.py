"""A command's outcome for a caller that has no connection."""

from __future__ import annotations

import asyncio

from msgspec import Struct

from hubbub.errors import HubbubError
from hubbub.vocabulary import Sent


class FutureReply:
    """Takes the place of a connection where a send is answered. `future` has what it was, or the error."""

    __slots__ = ("future",)

    def __init__(self) -> None:
        self.future: asyncio.Future[Sent] = asyncio.get_running_loop().create_future()

    def reply(self, ref: int | str, ok: Struct) -> None:
        if isinstance(ok, Sent) and not self.future.done():
            self.future.set_result(ok)

    def fail(self, ref: int | str | None, error: HubbubError) -> None:
        if not self.future.done():
            self.future.set_exception(error)
