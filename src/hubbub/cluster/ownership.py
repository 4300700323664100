"""Whose connection a request is for: session ids and keys begin with the node that made them."""

from __future__ import annotations

from typing import Final

from hubbub.bus import NodeId
from hubbub.wire.engineio import parse_query

_ENGINE: Final = "/socket.io"
_KEYED: Final = ("/poll/", "/sse/")


def owner_of(path: str, query: str) -> NodeId | None:
    """The node that a request of a transport over HTTP belongs to; None: to whichever gets it."""
    key = ""
    if path.startswith(_ENGINE):
        key = parse_query(query).get("sid", "")
    elif path.startswith(_KEYED):
        key = path.split("/", 2)[2]
    node, dot, secret = key.partition(".")
    return NodeId(node) if dot and node and secret else None
