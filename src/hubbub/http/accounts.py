"""Accounts: making one, and what people change about their own."""

from __future__ import annotations

from typing import Any, Final

from hubbub.errors import BadField, BadName, NameTaken, SignupClosed, TooManyAttempts, WeakPassword, WrongCredentials
from hubbub.identity import Identity

from .operation import Call, Nothing, Operation
from .sessions import Sessions
from .views import Me, NewAccount, PasswordChange, Profile, SignedInView

_TAG: Final = "accounts"


class Accounts:
    """`/api/v1/accounts` and `/api/v1/me`."""

    def __init__(self, identity: Identity, sessions: Sessions) -> None:
        self._identity = identity
        self._sessions = sessions

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "POST", "/api/v1/accounts", "signUp", "Make an account and sign in", _TAG,
                self.sign_up, NewAccount, SignedInView, status=201, public=True,
                errors=(BadName, WeakPassword, NameTaken, SignupClosed, TooManyAttempts),
            ),
            Operation("GET", "/api/v1/me", "me", "Who I am", _TAG, self.me, Nothing, Me),
            Operation(
                "PATCH", "/api/v1/me", "changeMe", "Change my profile", _TAG, self.change, Profile, Me,
                errors=(BadField,),
            ),
            Operation(
                "POST", "/api/v1/me/password", "changePassword", "Change my password", _TAG,
                self.change_password, PasswordChange, None, status=204,
                errors=(WrongCredentials, WeakPassword, TooManyAttempts),
            ),
        ]  # fmt: skip

    async def sign_up(self, call: Call, given: NewAccount) -> SignedInView:
        """The first account of a server becomes its administrator."""
        signed_in = await self._identity.sign_up(
            given.name, given.password, title=given.title, device=given.device, peer=call.peer
        )
        return self._sessions.view(call, signed_in, cookie=given.cookie)

    async def me(self, call: Call, given: Nothing) -> Me:
        """A login that is used goes on; with a cookie, the answer prolongs the cookie as well."""
        if call.cookie is not None:
            self._sessions.give_cookie(call, call.login, call.cookie)
        return Me(call.login.user, call.login.id)

    async def change(self, call: Call, given: Profile) -> Me:
        if given.title is None:
            return Me(call.login.user, call.login.id)
        return Me(await self._identity.set_title(call.login, given.title), call.login.id)

    async def change_password(self, call: Call, given: PasswordChange) -> None:
        """Ends my other logins."""
        await self._identity.change_password(call.login, given.old, given.new)
