"""Session tokens: 256 random bits. The store has only their SHA-256, so that a stolen copy of it signs nobody in."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

TOKEN_CHARACTERS = 43
SESSION_ID_BYTES = 9


def new_token(random_bytes: Callable[[int], bytes]) -> str:
    """32 random bytes in URL-safe base64 without padding (RFC 4648 section 5)."""
    return _text(random_bytes(32))


def new_session_id(random_bytes: Callable[[int], bytes]) -> str:
    """Names a login to its user. Not a secret, but not to be guessed either."""
    return _text(random_bytes(SESSION_ID_BYTES))


def is_token(text: str) -> bool:
    """Whether it looks like a token of ours. What does not is never looked up."""
    return len(text) == TOKEN_CHARACTERS and text.isascii()


def digest(token: str) -> bytes:
    """What the store knows of a token."""
    return hashlib.sha256(token.encode()).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
