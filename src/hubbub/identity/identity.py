"""Accounts and logins, with all their rules.

    identity = Identity(store, now_ms=clock)
    await identity.open()
    signed_in = await identity.sign_up("ada", "a long password")
    login = await identity.authenticate(signed_in.token)
    ...
    await identity.close()

`login` says whose token it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence

import msgspec
from argon2 import PasswordHasher
from msgspec import Struct

from hubbub.errors import (
    BadField,
    NameTaken,
    NotFound,
    SignupClosed,
    StoreUnavailable,
    TooManyAttempts,
    Unauthenticated,
    WeakPassword,
    WrongCredentials,
)
from hubbub.store import Account, Login, Settings, Store
from hubbub.vocabulary import User, UserId, UserName

from .cache import LoginCache
from .limits import Attempts, IdentityLimits
from .looks import Looks
from .names import NAME_CHARACTERS, check_name, check_password, check_title, clean_device
from .passwords import Passwords, standard_hasher
from .tokens import digest, is_token, new_session_id, new_token

ABSENCE_MS = 90 * 24 * 3_600_000
"""A login ends after this time without use."""

TOUCH_MS = 3_600_000
"""How exactly the store knows when a login was used last."""

CACHED_LOGINS = 2_000
"""About 2 MB, for requests that follow each other. A connection asks once; many lookups share a query."""

SIGNUP = "signup"
"""The key of the store's setting: "open" or "closed"."""


UserObserver = Callable[[UserId, list[str], bool], None]


class SignedIn(Struct, frozen=True):
    """A new login. `token` is shown this once; `device_token` says that its user has signed in on this device."""

    login: Login
    token: str
    device_token: str

    def __repr__(self) -> str:
        return f"SignedIn(login={self.login!r}, token=<redacted>, device_token=<redacted>)"


class ServerState(Struct, frozen=True):
    """`signup`: "open" or "closed". `needs_setup`: there is no account yet; the first becomes administrator."""

    signup: str
    needs_setup: bool


class Identity:
    """Used on one event loop.

    Attributes:
        changed: called right after something about a user changed that is remembered elsewhere, before anybody waiting
            for it goes on: with the user, the ids of logins that have ended by it, and whether it was the display name.
    """

    def __init__(
        self,
        store: Store,
        *,
        now_ms: Callable[[], int],
        random_bytes: Callable[[int], bytes] = os.urandom,
        signup_default: str = "open",
        hasher: PasswordHasher | None = None,
        limits: IdentityLimits | None = None,
    ) -> None:
        self.changed: list[UserObserver] = []
        self._store = store
        self._now_ms = now_ms
        self._random_bytes = random_bytes
        self._signup_default = signup_default
        self._passwords = Passwords(hasher or standard_hasher(), random_bytes)
        self._attempts = Attempts(limits or IdentityLimits(), store, now_ms=now_ms, random_bytes=random_bytes)
        self._looks = Looks(store)
        self._cache = LoginCache(CACHED_LOGINS)
        self._has_accounts = False
        self._signing_up = asyncio.Lock()
        self._changing_password = asyncio.Lock()

    async def open(self) -> None:
        """The store is open. Starts the threads that hash. Raises StoreUnavailable."""
        await self._attempts.open()
        await self._looks.open()
        await self._passwords.open()

    async def close(self) -> None:
        """Ends the threads that hash."""
        await self._passwords.close()
        await self._attempts.close()

    async def server_state(self) -> ServerState:
        if not self._has_accounts:
            self._has_accounts = await self._store.accounts.count() > 0  # accounts are never deleted
        signup = await Settings(self._store.records).get(SIGNUP) or self._signup_default
        return ServerState(signup, needs_setup=not self._has_accounts)

    async def set_signup(self, signup: str) -> None:
        """Raises BadField when it is neither "open" nor "closed"."""
        if signup not in {"open", "closed"}:
            raise BadField('signup is "open" or "closed".')
        await Settings(self._store.records).put(SIGNUP, signup)

    async def sign_up(self, name: str, password: str, *, title: str = "", device: str = "", peer: str = "") -> SignedIn:
        """Create an account and sign in. The first one is administrator, even when sign-up is closed.

        Raises: BadName, WeakPassword, BadField (title), TooManyAttempts, SignupClosed, NameTaken.
        """
        checked, password, title = check_name(name), check_password(password), check_title(title)
        await self._check_signup()
        client = await self._attempts.sign_up(peer)
        await self._check_free(checked, title)
        password_hash = await self._passwords.hash(password, client)
        async with self._signing_up:  # two who are first at the same moment: one of them is second
            await self._check_signup()
            account = await self._create(checked, title, password_hash)
        return await self._log_in(account, device, await self._attempts.signed_up(account.name, peer))

    async def add_account(self, name: str, password: str, *, title: str = "", admin: bool = False) -> User:
        """Create an account on the operator's behalf: neither a closed sign-up nor a rate limit stands in the way.

        Raises: BadName, WeakPassword, BadField (title), NameTaken.
        """
        checked, password, title = check_name(name), check_password(password), check_title(title)
        password_hash = await self._passwords.hash(password)
        async with self._signing_up:
            account = await self._create(checked, title, password_hash, admin=admin)
        return User(account.name, account.title, account.admin)

    async def sign_in(
        self, name: str, password: str, *, device: str = "", peer: str = "", device_token: str = ""
    ) -> SignedIn:
        """Raises WrongCredentials, TooManyAttempts. The name's case does not matter.

        `device_token`: what an earlier sign-in of this name on this device gave, if there was one.
        """
        name = name.strip().lower()[: NAME_CHARACTERS + 1]  # one too many: still not a name, and not a long key
        attempt = await self._attempts.sign_in(name, peer, device_token)
        try:
            account = await self._verified(name, password, attempt.client)
        except TooManyAttempts:  # nobody has looked at the password
            await self._attempts.undone(attempt)
            raise
        signed_in = await self._log_in(account, device, "")
        # The password may have been changed while this was running: then all logins of the old one must be gone.
        now = await self._store.accounts.by_name(account.name)
        if now is None or not await self._is_still(now, account, password, attempt.client):
            await self.end(signed_in.login, signed_in.login.id)
            raise WrongCredentials
        device_token = await self._attempts.succeeded(name, attempt)
        if self._passwords.is_outdated(account.password_hash):
            with contextlib.suppress(TooManyAttempts):  # the next sign-in will do
                await self._rehash(account, password, attempt.client)
        return msgspec.structs.replace(signed_in, device_token=device_token)

    async def authenticate(self, token: str) -> Login:
        """Who holds this token. Raises Unauthenticated."""
        if not is_token(token):
            raise Unauthenticated
        key = digest(token)
        now_ms = self._now_ms()
        login = self._cache.get(key) or await self._read_login(key, now_ms)
        if now_ms - login.seen_ms >= TOUCH_MS:
            login = await self._touch(key, login, now_ms)
        if login.expires_ms <= now_ms:
            raise Unauthenticated
        return login

    async def sessions(self, login: Login, after: str | None = None, limit: int = 200) -> list[Login]:
        """The user's logins that have not expired, oldest first, those after `after`. Raises NotFound: it has ended."""
        return await self._store.logins.of_user(login.user_id, self._now_ms(), after, limit)

    async def expiries(self, login_ids: Sequence[str]) -> dict[str, int]:
        """Until when each of these logins lasts (Unix milliseconds); without those that have ended."""
        return await self._store.logins.expiries(login_ids)

    async def used(self, login_ids: Sequence[str]) -> None:
        """These logins were used just now, on connections that were opened long ago."""
        now_ms = self._now_ms()
        await asyncio.gather(
            *(self._store.logins.touch(login_id, now_ms, now_ms + ABSENCE_MS) for login_id in login_ids)
        )

    async def end(self, login: Login, session_id: str) -> None:
        """Sign out one of this user's logins. Raises NotFound."""
        if not await self._store.logins.end(login.user_id, session_id):
            raise NotFound
        self._changed(login, [session_id])

    async def set_title(self, login: Login, title: str) -> User:
        """Raises BadField, NameTaken (it looks like somebody else's), RateLimited."""
        title = check_title(title)
        if title != login.user.title:
            await self._attempts.rename(login.user_id)
            await self._looks.check_title(login.user.name, title)
            await self._store.accounts.update(login.user_id, title=title)
            await self._looks.titled(login.user.name, title)
            self._changed(login, [], renamed=True)
        return msgspec.structs.replace(login.user, title=title)

    async def change_password(self, login: Login, old: str, new: str) -> None:
        """Ends the user's other logins. Raises WrongCredentials, WeakPassword, TooManyAttempts."""
        new = check_password(new)
        counted = await self._attempts.password_change(login.id)
        client = f"login {login.id}"  # not behind those who sign in from the same address
        new_hash = await self._passwords.hash(new, client)
        async with self._changing_password:
            await self._verified(login.user.name, old, client)
            await self._store.accounts.update(login.user_id, password_hash=new_hash)
        await self._attempts.password_changed(counted)
        self._changed(login, await self._store.logins.end_others(login.user_id, login.id))

    def forget(self, user_id: UserId) -> None:
        """Something about this user changed elsewhere: ask the store again."""
        self._cache.drop_user(user_id)

    async def _check_free(self, name: UserName, title: str) -> None:
        """Raises NameTaken: somebody has this name, or one that looks like it."""
        if await self._store.accounts.by_name(name) is not None:
            raise NameTaken
        await self._looks.check_name(name)
        await self._looks.check_title(name, title)

    async def _create(self, name: UserName, title: str, password_hash: str, *, admin: bool = False) -> Account:
        """One after the other, so that of two who look alike one is second. Raises NameTaken."""
        await self._check_free(name, title)
        account = await self._store.accounts.create(name, title, password_hash, self._now_ms(), admin=admin)
        self._has_accounts = True
        await self._looks.account(name, title)
        return account

    async def _check_signup(self) -> None:
        state = await self.server_state()
        if state.signup != "open" and not state.needs_setup:
            raise SignupClosed

    async def _verified(self, name: str, password: str, client: str) -> Account:
        """The account of this name, when this is its password. Raises WrongCredentials."""
        try:
            password = check_password(password)
        except WeakPassword:
            raise WrongCredentials from None
        account = await self._store.accounts.by_name(UserName(name)) if name.isascii() else None
        known = account.password_hash if account is not None else None
        right = await self._passwords.verify(known, password, client)
        if account is None or not right:
            raise WrongCredentials
        return account

    async def _is_still(self, now: Account, checked: Account, password: str, client: str) -> bool:
        """Whether the password that was right for `checked` is right for `now`: the same one may be hashed anew."""
        return now.password_hash == checked.password_hash or await self._passwords.verify(
            now.password_hash, check_password(password), client
        )

    async def _rehash(self, account: Account, password: str, client: str) -> None:
        """Hash the password anew with today's parameters."""
        password_hash = await self._passwords.hash(check_password(password), client)
        async with self._changing_password:
            now = await self._store.accounts.by_name(account.name)
            if now is not None and now.password_hash == account.password_hash:
                await self._store.accounts.update(account.id, password_hash=password_hash)

    async def _log_in(self, account: Account, device: str, device_token: str) -> SignedIn:
        token = new_token(self._random_bytes)
        now_ms = self._now_ms()
        login = await self._store.logins.create(
            new_session_id(self._random_bytes),
            account.id,
            digest(token),
            clean_device(device),
            now_ms,
            now_ms + ABSENCE_MS,
        )
        return SignedIn(login, token, device_token)

    async def _read_login(self, key: bytes, now_ms: int) -> Login:
        """Raises Unauthenticated. What it returns was so when it returns, not only when it was read."""
        while True:
            epoch = self._cache.epoch
            login = await self._store.logins.by_token(key, now_ms)
            if epoch == self._cache.epoch:
                break
        if login is None:
            raise Unauthenticated
        self._cache.put(key, login)
        return login

    async def _touch(self, key: bytes, login: Login, now_ms: int) -> Login:
        if login.expires_ms <= now_ms:
            return login
        epoch = self._cache.epoch
        seen = msgspec.structs.replace(login, seen_ms=now_ms, expires_ms=now_ms + ABSENCE_MS)
        self._cache.put(key, seen)  # at once, so that the same login's next request does not write again
        # Reading works: when writing does not, let the user in; the next hour's touch will do.
        with contextlib.suppress(StoreUnavailable):
            await self._store.logins.touch(login.id, now_ms, seen.expires_ms)
        return seen if epoch == self._cache.epoch else await self._read_login(key, now_ms)

    def _changed(self, login: Login, ended: list[str], *, renamed: bool = False) -> None:
        self.forget(login.user_id)
        for observer in self.changed:
            observer(login.user_id, ended, renamed)
