"""How a node knows another: a secret that the store keeps, and what a forwarded request carries beside it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from hubbub.store import Settings, Store

from .node_pool import CONNECTION_HEADERS

SETTING: Final = "node_secret"
"""The store's key. To change it, delete it and restart every node."""

SECRET: Final = b"x-hubbub-node-secret"
PEER: Final = b"x-hubbub-peer"
SECURE: Final = b"x-hubbub-secure"
_OURS: Final = frozenset({SECRET, PEER, SECURE})
_LEFT_OUT: Final = CONNECTION_HEADERS | _OURS | {b"content-length", b"expect"}


class NodeSecret:
    """What all nodes on one store share. Not printed."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    @classmethod
    async def of(cls, store: Store) -> NodeSecret:
        """The store's; the first node makes it."""
        return cls(await Settings(store.records).first(SETTING, secrets.token_urlsafe(32)))

    def fits(self, given: bytes) -> bool:
        """Compared in constant time."""
        return hmac.compare_digest(given, self._secret)

    def headers(self, peer: str, *, secure: bool) -> list[tuple[bytes, bytes]]:
        """What goes with a request that is forwarded for a client at `peer`."""
        return [(SECRET, self._secret), (PEER, peer.encode("latin-1", "replace")), (SECURE, b"1" if secure else b"0")]


def passed_on(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """A client's headers for the next node: without what is between two ends only, and without what only nodes say."""
    return [header for header in headers if header[0] not in _LEFT_OUT]
