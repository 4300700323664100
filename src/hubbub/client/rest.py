"""The few REST calls that come before a connection: sign up, sign in, sign out. Standard library only."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from hubbub.errors import ErrorBody, HubbubError
from hubbub.vocabulary import Limits, User

from .failures import BadAnswer, ConnectionLost, remote_error

T = TypeVar("T", bound=Struct)
_ANSWER_BYTES: Final = 2**20


class Credentials(Struct, frozen=True):
    """A new login. `token` is shown once: keep it, and keep it secret.

    `device_token`: give it to the next sign-in of this name on this device; others who guess its password then do not
    hold it up. It is no login.
    """

    user: User
    session: str
    token: str
    device_token: str | None = None

    def __repr__(self) -> str:
        return f"Credentials(user={self.user!r}, session={self.session!r}, token=…)"


class ServerInfo(Struct, frozen=True):
    """What a server tells everybody. `signup`: "open" or "closed"; `needs_setup`: it has no account yet."""

    name: str
    version: str
    signup: str
    needs_setup: bool
    limits: Limits


class _Account(Struct, frozen=True, omit_defaults=True):
    name: str
    password: str
    title: str = ""
    device: str = ""
    device_token: str = ""


class _Nothing(Struct, frozen=True):
    pass


class _ErrorAnswer(Struct, frozen=True):
    error: ErrorBody


class Api:
    """A server's REST API at `http(s)://HOST[:PORT]`.

    Raises:
        ValueError: `url` is no http or https URL.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout_seconds: float = 30.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"not a server's URL: {url!r} (expected http://HOST or https://HOST)")
        self._base = url.rstrip("/") + "/api/v1"
        self._token = token
        self._timeout_seconds = timeout_seconds

    async def server(self) -> ServerInfo:
        return await self._call("GET", "/server", None, ServerInfo)

    async def sign_up(self, name: str, password: str, *, title: str = "", device: str = "") -> Credentials:
        """Create an account and sign in. Raises BadName, WeakPassword, NameTaken, SignupClosed."""
        return await self._call("POST", "/accounts", _Account(name, password, title, device), Credentials)

    async def sign_in(self, name: str, password: str, *, device: str = "", device_token: str = "") -> Credentials:
        """Raises WrongCredentials, TooManyAttempts."""
        account = _Account(name, password, device=device, device_token=device_token)
        return await self._call("POST", "/sessions", account, Credentials)

    async def sign_out(self) -> None:
        """End the login of this token. Raises Unauthenticated."""
        await self._call("DELETE", "/sessions/current", None, _Nothing)

    async def _call(self, method: str, path: str, body: Struct | None, answer: type[T]) -> T:
        """Raises HubbubError: the server's, or `ConnectionLost`, or `BadAnswer` when it is no Hubbub server's."""
        raw = await asyncio.to_thread(self._exchange, method, path, body)
        try:
            return msgspec.json.decode(raw or b"{}", type=answer)
        except msgspec.MsgspecError as failure:
            raise BadAnswer from failure

    def _exchange(self, method: str, path: str, body: Struct | None) -> bytes:
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else msgspec.json.encode(body)
        request = urllib.request.Request(self._base + path, data, headers, method=method)  # noqa: S310  checked above
        try:
            with urllib.request.urlopen(request, timeout=self._timeout_seconds) as response:  # noqa: S310
                found: bytes = response.read(_ANSWER_BYTES)
                return found
        except urllib.error.HTTPError as failure:
            with failure:
                raise _remote(failure.code, failure.read(_ANSWER_BYTES)) from None
        except (OSError, TimeoutError) as failure:
            reason = getattr(failure, "reason", failure)
            raise ConnectionLost(f"The server can't be reached: {reason}.") from failure


def _remote(status: int, body: bytes) -> HubbubError:
    try:
        return remote_error(msgspec.json.decode(body, type=_ErrorAnswer).error)
    except msgspec.MsgspecError:
        return BadAnswer(f"The server answered with HTTP status {status}. Is this a Hubbub server?")
