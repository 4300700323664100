"""Who acts."""

from __future__ import annotations

from msgspec import Struct

from hubbub.vocabulary import User, UserId


class Actor(Struct, frozen=True, gc=False):
    """An authenticated user, by one login. Connections of the same login share it.

    Attributes:
        session: the login's public id.
        expires_ms: when the login ends as far as is known here (Unix milliseconds); it may have been used since.
    """

    user_id: UserId
    user: User
    session: str
    expires_ms: int = 0
