"""What a run needs before it begins: logins and rooms. And the rooms' logs at its end, by REST."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

import msgspec
from msgspec import Raw, Struct

from hubbub.client import Api, BadAnswer, ConnectionLost
from hubbub.client.failures import remote_error
from hubbub.client.frames import decode
from hubbub.client.http import BadHttp, Http
from hubbub.client.transport import MESSAGE_BYTES, place, unreachable
from hubbub.errors import ErrorBody, Forbidden, HubbubError, RoomExists, SignupClosed
from hubbub.vocabulary import RoomId, Seq

from .history import Entry, Log, as_event, entry
from .participant import Account

T = TypeVar("T")

_TRIES: Final = 20
_PAUSE_SECONDS: Final = 0.5
_PAGE: Final = 200
_ANSWER_SECONDS: Final = 10.0


class _Page(Struct):
    events: list[Raw]
    more: bool
    head: Seq


class _NewRoom(Struct):
    room: RoomId
    title: str


class _Failure(Struct):
    error: ErrorBody


class _User(Struct):
    name: str


class _Me(Struct):
    user: _User


async def accounts_for(urls: Sequence[str], tokens: Sequence[str], count: int, name: str) -> list[Account]:
    """The owners of these tokens, or so many new accounts called `name` and a number.

    Raises:
        HubbubError: they can't be had.
    """
    if tokens:
        return [await _owner(urls, token) for token in tokens]
    info = await persist(urls, lambda url: Api(url).server())
    if info.needs_setup:
        raise Forbidden("The server has no account yet, and the first one will be its administrator: make yours first.")
    if info.signup != "open":
        raise SignupClosed("The server takes no new accounts: give tokens of logins with --token.")
    return [await _sign_up(urls, f"{name}-{number}") for number in range(1, count + 1)]


async def make_rooms(urls: Sequence[str], account: Account, names: Sequence[RoomId]) -> None:
    """Raises HubbubError."""
    for name in names:
        body = msgspec.json.encode(_NewRoom(name, "A check of delivery"))

        with suppress(RoomExists):  # a first attempt whose answer was lost
            await persist(urls, partial(_make, account, body))


async def _make(account: Account, body: bytes, url: str) -> None:
    await _ask("POST", url, "/rooms", account.token, body)


async def head_of(urls: Sequence[str], account: Account, room: RoomId) -> Seq:
    """The room's last `seq`. Raises HubbubError."""
    return (await persist(urls, partial(_page, account, room, "limit=1"))).head


async def log_of(url: str, account: Account, room: RoomId) -> Log:
    """The whole log as this server gives it. Raises HubbubError."""
    log = Log(room, url, [])
    after = 0
    while True:
        query = f"after={after}&limit={_PAGE}"
        page = await persist([url], partial(_page, account, room, query))
        log.entries += [_entry(raw) for raw in page.events]
        if not page.more or not page.events:
            return log
        after = log.entries[-1].seq


async def persist(urls: Sequence[str], call: Callable[[str], Awaitable[T]]) -> T:
    """Call with one server after the other until it works: they may be in the middle of a fault.

    Raises:
        HubbubError: one that would come again, or the last of many.
    """
    for attempt in range(_TRIES):
        try:
            return await call(urls[attempt % len(urls)])
        except HubbubError as error:
            if (not error.retryable and not isinstance(error, ConnectionLost)) or attempt == _TRIES - 1:
                raise
        await asyncio.sleep(_PAUSE_SECONDS)
    raise ConnectionLost


async def _owner(urls: Sequence[str], token: str) -> Account:
    async def me(url: str) -> Account:
        return Account(msgspec.json.decode(await _ask("GET", url, "/me", token), type=_Me).user.name, token)

    return await persist(urls, me)


async def _sign_up(urls: Sequence[str], name: str) -> Account:
    password = secrets.token_urlsafe(16)  # nobody needs it again
    credentials = await persist(urls, lambda url: Api(url).sign_up(name, password, device="hubbub verify-delivery"))
    return Account(credentials.user.name, credentials.token)


async def _page(account: Account, room: RoomId, query: str, url: str) -> _Page:
    return msgspec.json.decode(await _ask("GET", url, f"/rooms/{room}/events?{query}", account.token), type=_Page)


def _entry(raw: Raw) -> Entry:
    event = as_event(decode(bytes(raw)))
    if event is None:
        raise BadAnswer
    return entry(event)


async def _ask(method: str, url: str, path: str, token: str, body: bytes | None = None) -> bytes:
    """The body of a good answer. Raises HubbubError: the server's, or why there is no answer."""
    where = place(url)
    http = Http(where.http, tls=where.tls)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            with await http.request(method, "/api/v1" + path, headers, body) as answer:
                data = await answer.read(MESSAGE_BYTES)
    except (OSError, BadHttp) as failure:
        raise unreachable(failure) from failure
    finally:
        http.close()
    if 200 <= answer.status < 300:
        return data
    try:
        error = msgspec.json.decode(data, type=_Failure).error
    except msgspec.MsgspecError as failure:
        raise ConnectionLost(f"The server answered with HTTP status {answer.status}.") from failure
    raise remote_error(error)
