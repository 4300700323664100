"""Logins that were used lately, so that a command or request does not ask the store who is asking."""

from __future__ import annotations

from collections import OrderedDict

from hubbub.store import Login
from hubbub.vocabulary import UserId


class LoginCache:
    """From token digest to login, the least recently used forgotten first.

    `epoch` changes whenever logins of somebody stop being as they were. Who reads a login from the store compares it
    before and after: what was read across a change may be outdated and must be read again.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._logins: OrderedDict[bytes, Login] = OrderedDict()
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._logins)

    def get(self, token: bytes) -> Login | None:
        login = self._logins.get(token)
        if login is not None:
            self._logins.move_to_end(token)
        return login

    def put(self, token: bytes, login: Login) -> None:
        self._logins[token] = login
        self._logins.move_to_end(token)
        if len(self._logins) > self._size:
            self._logins.popitem(last=False)

    def drop_user(self, user_id: UserId) -> None:
        """Something about this user or one of the user's logins changed."""
        self.epoch += 1
        for token in [token for token, login in self._logins.items() if login.user_id == user_id]:
            del self._logins[token]
