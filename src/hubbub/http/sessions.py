"""Logins: signing in and out, and the list of my devices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hubbub.errors import NotFound, TooManyAttempts, WrongCredentials
from hubbub.identity import Identity, SignedIn
from hubbub.store import Login

from .cookie import no_cookie, session_cookie
from .operation import Call, Nothing, Operation
from .views import SessionList, SessionView, SignedInView, SignIn

_TAG: Final = "sessions"
_CURRENT: Final = "current"


class Sessions:
    """`/api/v1/sessions`."""

    def __init__(self, identity: Identity, now_ms: Callable[[], int]) -> None:
        self._identity = identity
        self._now_ms = now_ms

    def operations(self) -> list[Operation[Any]]:
        return [
            Operation(
                "POST", "/api/v1/sessions", "signIn", "Sign in", _TAG,
                self.sign_in, SignIn, SignedInView, status=201, public=True,
                errors=(WrongCredentials, TooManyAttempts),
            ),
            Operation("GET", "/api/v1/sessions", "sessions", "My logins", _TAG, self.mine, Nothing, SessionList),
            Operation(
                "DELETE", "/api/v1/sessions/{id}", "endSession", "End one of my logins", _TAG,
                self.end, Nothing, None, status=204, errors=(NotFound,),
            ),
        ]  # fmt: skip

    async def sign_in(self, call: Call, given: SignIn) -> SignedInView:
        signed_in = await self._identity.sign_in(given.name, given.password, device=given.device, peer=call.peer)
        return self.view(call, signed_in, cookie=given.cookie)

    async def mine(self, call: Call, given: Nothing) -> SessionList:
        return SessionList(
            [
                SessionView(login.id, login.device, login.created_ms, login.seen_ms, login.id == call.login.id)
                for login in await self._identity.sessions(call.login)
            ]
        )

    async def end(self, call: Call, given: Nothing) -> None:
        """`current` is the login that asks. Its connections are closed with 4501."""
        session = call.path("id")
        own = session in {_CURRENT, call.login.id}
        await self._identity.end(call.login, call.login.id if own else session)
        if own and call.cookie is not None:
            call.headers.append(("set-cookie", no_cookie(secure=call.secure)))

    def view(self, call: Call, signed_in: SignedIn, *, cookie: bool) -> SignedInView:
        """The answer to a sign-in. With `cookie` the token goes into a cookie, where no script can read it."""
        login = signed_in.login
        if cookie:
            self.give_cookie(call, login, signed_in.token)
        return SignedInView(login.user, login.id, None if cookie else signed_in.token)

    def give_cookie(self, call: Call, login: Login, token: str) -> None:
        """Set the cookie for as long as the login lasts when it is not used."""
        seconds = max(0, (login.expires_ms - self._now_ms()) // 1000)
        call.headers.append(("set-cookie", session_cookie(token, seconds, secure=call.secure)))
