"""Accounts: making one, and what people change about their own."""

from __future__ import annotations

from typing import Any, Final

from hubbub.errors import BadName, NameTaken, RateLimited, SignupClosed, TooManyAttempts, WeakPassword, WrongCredentials
from hubbub.vocabulary import Action

from .call import Call
from .operation import Nothing, Operation
from .sessions import give_cookie, signed_in_view
from .views import Me, NewAccount, PasswordChange, Profile, SignedInView

_TAG: Final = "accounts"


async def sign_up(call: Call, given: NewAccount) -> SignedInView:
    """The first account of a server becomes its administrator."""
    signed_in = await call.services.identity.sign_up(
        given.name, given.password, title=given.title, device=given.device, peer=call.peer
    )
    return signed_in_view(call, signed_in, cookie=given.cookie)


async def me(call: Call, given: Nothing) -> Me:
    """A login that is used goes on; with a cookie, the answer prolongs the cookie as well."""
    if call.cookie is not None:
        give_cookie(call, call.login, call.cookie)
    return Me(call.login.user, call.login.id)


async def change_me(call: Call, given: Profile) -> Me:
    """What is absent stays as it is."""
    if given.title is None:
        return Me(call.login.user, call.login.id)
    return Me(await call.services.identity.set_title(call.login, given.title), call.login.id)


async def change_password(call: Call, given: PasswordChange) -> None:
    """Ends my other logins."""
    await call.services.identity.change_password(call.login, given.old, given.new)


OPERATIONS: Final[tuple[Operation[Any], ...]] = (
    Operation(
        "POST", "/api/v1/accounts", "signUp", "Make an account and sign in", _TAG,
        sign_up, NewAccount, SignedInView, Action.SIGN_IN, status=201,
        errors=(BadName, WeakPassword, NameTaken, SignupClosed, TooManyAttempts),
    ),
    Operation("GET", "/api/v1/me", "me", "Who I am", _TAG, me, Nothing, Me, Action.USE_ACCOUNT),
    Operation(
        "PATCH", "/api/v1/me", "changeMe", "Change my profile", _TAG,
        change_me, Profile, Me, Action.USE_ACCOUNT, errors=(NameTaken, RateLimited),
    ),
    Operation(
        "POST", "/api/v1/me/password", "changePassword", "Change my password", _TAG,
        change_password, PasswordChange, None, Action.USE_ACCOUNT, status=204,
        errors=(WrongCredentials, WeakPassword, TooManyAttempts),
    ),
)  # fmt: skip
