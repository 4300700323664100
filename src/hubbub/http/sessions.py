"""Logins: signing in and out, and the list of my devices."""

from __future__ import annotations

from typing import Any, Final

from hubbub.auth.cookies import device_cookie, no_cookie, session_cookie
from hubbub.errors import NotFound, TooManyAttempts, WrongCredentials
from hubbub.identity import SignedIn
from hubbub.store import Login
from hubbub.vocabulary import Action

from .call import Call
from .operation import Nothing, Operation
from .views import SessionList, SessionsQuery, SessionView, SignedInView, SignIn

_TAG: Final = "sessions"
_CURRENT: Final = "current"


async def sign_in(call: Call, given: SignIn) -> SignedInView:
    """Wrong attempts are counted by name and by address; too many are refused for a while.

    A device or an address on which this name has signed in before is counted by itself.
    """
    signed_in = await call.services.identity.sign_in(
        given.name,
        given.password,
        device=given.device,
        peer=call.peer,
        device_token=given.device_token or call.device_token,
    )
    return signed_in_view(call, signed_in, cookie=given.cookie)


async def my_sessions(call: Call, given: SessionsQuery) -> SessionList:
    """Oldest first, in pages. `after`: the last id of the page before; `not_found` when it has ended meanwhile."""
    logins = await call.services.identity.sessions(call.login, given.after, given.limit + 1)
    views = [
        SessionView(login.id, login.device, login.created_ms, login.seen_ms, login.id == call.login.id)
        for login in logins[: given.limit]
    ]
    return SessionList(views, more=len(logins) > given.limit)


async def end_session(call: Call, given: Nothing) -> None:
    """`current` is the login that asks. The connections of the ended login are closed with 4501."""
    session = call.path("id")
    own = session in {_CURRENT, call.login.id}
    await call.services.identity.end(call.login, call.login.id if own else session)
    if own and call.cookie is not None:
        call.headers.append(("set-cookie", no_cookie(secure=call.secure)))


def signed_in_view(call: Call, signed_in: SignedIn, *, cookie: bool) -> SignedInView:
    """The answer to a sign-in. With `cookie` both tokens go into cookies, where no script can read them."""
    login = signed_in.login
    if not cookie:
        return SignedInView(login.user, login.id, signed_in.token, signed_in.device_token)
    give_cookie(call, login, signed_in.token)
    call.headers.append(("set-cookie", device_cookie(signed_in.device_token, secure=call.secure)))
    return SignedInView(login.user, login.id, None, None)


def give_cookie(call: Call, login: Login, token: str) -> None:
    """Set the cookie for as long as the login lasts when it is not used."""
    seconds = max(0, (login.expires_ms - call.services.now_ms()) // 1000)
    call.headers.append(("set-cookie", session_cookie(token, seconds, secure=call.secure)))


OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation(
        "POST", "/api/v1/sessions", "signIn", "Sign in", _TAG,
        sign_in, SignIn, SignedInView, Action.SIGN_IN, status=201,
        errors=(WrongCredentials, TooManyAttempts),
    ),
    Operation(
        "GET", "/api/v1/sessions", "sessions", "My logins", _TAG,
        my_sessions, SessionsQuery, SessionList, Action.USE_ACCOUNT, errors=(NotFound,),
    ),
    Operation(
        "DELETE", "/api/v1/sessions/{id}", "endSession", "End one of my logins", _TAG,
        end_session, Nothing, None, Action.USE_ACCOUNT, status=204, errors=(NotFound,),
    ),
)  # fmt: skip
