"""What exists while a server runs."""

from __future__ import annotations

from msgspec import Struct

from hubbub.realtime.core.connection import Connection
from hubbub.realtime.fanout.group import Hub
from hubbub.realtime.server.gateway import Gateway

from .answers import Answers
from .recovery import Recovery
from .slow_readers import SlowReaders


class Running(Struct, frozen=True):
    """Made by `Server.open`. `recovery`: None when clients are not recovered."""

    hub: Hub
    answers: Answers
    gateway: Gateway
    recovery: Recovery | None
    slow_readers: SlowReaders[Connection]
