"""`hubbub login`, `hubbub tail` and `hubbub send`: the client at the command line.

Exit codes: 0 done, 1 it failed (one line on standard error says why), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, Final, get_args

import click
import msgspec

from hubbub.errors import HubbubError

from .client import Client
from .logins import Logins, LoginsError
from .rest import Api
from .state import Phase, State
from .stream import Reset, RoomLost
from .terminal import Printer, lines, printable
from .transport import TransportName
from .transport_choice import TransportChoice

DEFAULT_URL: Final = "http://127.0.0.1:8000"

_NAMES: Final[dict[str, str]] = {TransportName.SSE: "Server-Sent Events", TransportName.POLLING: "long-polling"}

_url_option = click.option("--url", envvar="HUBBUB_URL", help="The server. Default: that of the last login.")
_token_option = click.option(
    "--token", envvar="HUBBUB_TOKEN", help="A login's token. Better in HUBBUB_TOKEN; default: the saved login's."
)
_transport_option = click.option(
    "--transport",
    type=click.Choice(get_args(TransportChoice)),
    default="auto",
    show_default=True,
    help="auto: a WebSocket, and what gets through where there is none.",
)


def register(group: click.Group) -> None:
    """Add the commands to the command line."""
    for command in (login, tail, send):
        group.add_command(command)


@click.command()
@click.argument("url")
@click.argument("name")
@click.option("--sign-up", is_flag=True, help="Create the account first.")
def login(url: str, name: str, *, sign_up: bool) -> None:
    """Sign in as NAME at the server URL and keep the token for `tail` and `send`.

    The password is asked for, or read as one line from standard input when that is no terminal.
    """
    try:
        api = Api(url)
    except ValueError as failure:
        raise click.UsageError(str(failure)) from failure
    password = click.prompt("Password", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    device = f"hubbub login on {os.uname().nodename}"
    call = api.sign_up if sign_up else api.sign_in
    credentials = _run(call(name, password, device=device))
    try:
        _logins().save(url, credentials.user.name, credentials.token)
    except LoginsError as failure:
        raise click.ClickException(str(failure)) from failure
    click.echo(f"signed in at {url.rstrip('/')} as {credentials.user.name}", err=True)


@click.command()
@click.argument("room")
@click.option("--since", type=click.IntRange(min=0), help="Begin after this seq; 0: at the beginning.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event.")
@_url_option
@_token_option
@_transport_option
def tail(
    room: str, *, since: int | None, as_json: bool, url: str | None, token: str | None, transport: TransportChoice
) -> None:
    """Print what is said and done in ROOM: time, sender and text, until interrupted. Reconnects by itself."""
    _run(_tail(_client(url, token, transport), room, since, as_json=as_json))


@click.command()
@click.argument("room")
@click.argument("text")
@_url_option
@_token_option
@_transport_option
def send(room: str, text: str, *, url: str | None, token: str | None, transport: TransportChoice) -> None:
    """Say TEXT in ROOM; with - as TEXT, each line of standard input. Ends when all of it is durable."""
    _run(_send(_client(url, token, transport), room, lines(sys.stdin) if text == "-" else _only(text)))


async def _tail(client: Client, room: str, since: int | None, *, as_json: bool) -> None:
    client.observe(_Reporter())
    printer = Printer()
    async with client:
        await client.join(room, since)
        async for item in client.events():
            match item:
                case Reset():
                    click.echo(f"hubbub: {room} was begun anew on the server", err=True)
                case RoomLost(error=error):
                    raise error
                case _:
                    click.echo(msgspec.json.encode(item) if as_json else printer.line(item))


async def _send(client: Client, room: str, texts: AsyncIterator[str]) -> None:
    client.observe(_Reporter())
    async with client:
        await client.join(room)
        async for text in texts:
            if text.strip():
                await client.send(room, text)


async def _only(text: str) -> AsyncIterator[str]:
    yield text


class _Reporter:
    """Says on standard error when the connection is lost and back, and how it is made when that is no WebSocket."""

    def __init__(self) -> None:
        self._transport: str | None = None
        self._lost = False

    def __call__(self, state: State) -> None:
        if state.phase is Phase.CONNECTED:
            if self._lost:
                click.echo("hubbub: connected again", err=True)
            self._lost = False
            if state.transport != self._transport:
                self._say_how(state)
        elif state.phase is Phase.RECONNECTING and self._transport is not None and not self._lost:
            self._lost = True
            reason = printable(state.error.message) if state.error is not None else ""
            click.echo(f"hubbub: {reason} Reconnecting …", err=True)

    def _say_how(self, state: State) -> None:
        before, self._transport = self._transport, state.transport
        if state.transport in _NAMES:
            why = "".join(f"; {setback.transport}: {printable(setback.error.message)}" for setback in state.fallback)
            click.echo(f"hubbub: connected by {_NAMES[state.transport]}{why}", err=True)
        elif before is not None:
            click.echo("hubbub: connected by WebSocket now", err=True)


def _client(url: str | None, token: str | None, transport: TransportChoice) -> Client:
    """A client by the options, or else by the saved login."""
    if token is None:
        try:
            saved = _logins().find(url)
        except LoginsError as failure:
            raise click.ClickException(str(failure)) from failure
        if saved is None:
            where = url or "URL"
            raise click.ClickException(f"not signed in: run `hubbub login {where} NAME`, or set HUBBUB_TOKEN")
        url, token = saved.url, saved.token
    try:
        return Client(url or DEFAULT_URL, token, transport=transport)
    except ValueError as failure:
        raise click.UsageError(str(failure)) from failure


def _logins() -> Logins:
    return Logins(Path(click.get_app_dir("hubbub")) / "logins.json")


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run it; what goes wrong becomes one line and an exit code."""
    try:
        return asyncio.run(work)
    except HubbubError as failure:
        raise click.ClickException(printable(failure.message)) from failure
    except KeyboardInterrupt:
        raise click.exceptions.Exit(130) from None
