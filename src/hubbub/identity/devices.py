"""Devices that have signed in before: each has a token that says so, and only that (OWASP: device cookies).

While strangers guess somebody's password, and the name is refused to all strangers, the owner still gets in from such a
device, because it is counted by itself. The token is no login: without the password it opens nothing.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Final

_NONCE_CHARACTERS: Final = 16
_SEAL_CHARACTERS: Final = 32
DEVICE_TOKEN_CHARACTERS: Final = _NONCE_CHARACTERS + _SEAL_CHARACTERS


class Devices:
    """Makes and knows the tokens of devices. All nodes have the same `secret`."""

    def __init__(self, secret: bytes, random_bytes: Callable[[int], bytes]) -> None:
        self._secret = secret
        self._random_bytes = random_bytes

    def new(self, name: str) -> str:
        """A token for a device on which `name` has just signed in."""
        nonce = _text(self._random_bytes(12))
        return nonce + self._seal(name, nonce)

    def find(self, name: str, token: str) -> str | None:
        """What tells the device from others, when `name` has signed in on it before."""
        if len(token) != DEVICE_TOKEN_CHARACTERS or not token.isascii():
            return None
        nonce, seal = token[:_NONCE_CHARACTERS], token[_NONCE_CHARACTERS:]
        return nonce if hmac.compare_digest(seal, self._seal(name, nonce)) else None

    def _seal(self, name: str, nonce: str) -> str:
        return _text(hmac.digest(self._secret, f"device\0{name}\0{nonce}".encode(), sha256)[:24])


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()
