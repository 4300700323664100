"""The answer to every command that adds one event to a room's log."""

from __future__ import annotations

from .declaration import ReplyBase, declare
from .samples import TS
from .types import Seq


@declare(keys={"repeat": 36}, example=lambda: Sent(seq=43, ts=TS))
class Sent(ReplyBase, frozen=True, gc=False):
    """The event is durable at `seq`; `ts` as in the event. `repeat`: this nonce had been stored before.

    For a reaction that was there already, or is not there any more, `repeat` is set, too, and `seq` is the log's last.
    """

    seq: Seq
    ts: int
    repeat: bool = False
