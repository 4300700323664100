"""One running server. This file only wires: every decision stands in the part that it concerns.

    async with running(config) as app:
        print(app.url)

From bottom to top: store, identity, bus, chat, gateway (connections), site (HTTP), and uvicorn, which accepts.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import uvicorn

from hubbub import __version__
from hubbub.bus import BusError, CountingBus, LocalBus, NodeId
from hubbub.chat import Chat, ChatSettings
from hubbub.config import Config
from hubbub.errors import DataInUse, StoreUnavailable
from hubbub.http.canary import Canary
from hubbub.http.metrics import new_registry
from hubbub.http.site import SiteSettings, build_site
from hubbub.identity import Identity, IdentityLimits
from hubbub.realtime import Gateway, GatewaySettings, Hub, VocabularyCodec
from hubbub.store import Store
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import Command, Limits
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS

logger = logging.getLogger(__name__)

DATABASE: Final = "hubbub.db"
_BACKLOG: Final = 4096
"""Connections that the kernel keeps while the loop is busy: a whole team reconnecting at once."""


class StartError(Exception):
    """The server can't start. The message is one line for the operator."""


def wall_clock_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


def database_path(config: Config) -> Path:
    """The database's file, in a directory that exists. Raises StartError."""
    folder = Path(config.data)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise StartError(f"data: {folder} can't be made: {error.strerror}") from error
    return folder / DATABASE


async def open_store(config: Config) -> Store:
    """The opened store: PostgreSQL when `database` names one. Raises StartError."""
    if config.database:
        return await _open_postgres(config.database)
    path = database_path(config)
    store = SqliteStore(path)
    try:
        await store.open()
    except DataInUse as error:
        raise StartError(f"data: another Hubbub is using the database in {path.parent}") from error
    except StoreUnavailable as error:
        raise StartError(f"data: {path} can't be used: {_reason(error)}") from error
    return store


def _reason(error: StoreUnavailable) -> str:
    """Why, for the operator; a client would only be told to try again."""
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return error.message if error.message != StoreUnavailable.message else str(cause or error)


async def _open_postgres(address: str) -> Store:
    from hubbub.store.postgres import PostgresStore  # half of all servers never need it

    store = PostgresStore(address)
    try:
        await store.open()
    except StoreUnavailable as error:
        raise StartError(f"database: {error.message}") from error
    return store


def make_bus(config: Config) -> CountingBus | None:
    """The bus that the setting names, not opened; None: there is only this node. Raises StartError."""
    if not config.bus:
        return None
    from hubbub.bus.redis import Address, RedisBus  # half of all servers never need it

    try:
        return RedisBus(Address.parse(config.bus))
    except BusError as error:
        raise StartError(f"bus: {error}") from error


class Application:
    """A server's parts. `start` and `stop` are called once each, on one event loop.

    Attributes:
        url: where it is; known once it has started.
    """

    def __init__(self, config: Config, *, identity_limits: IdentityLimits | None = None) -> None:
        self.config = config
        self.url = ""
        self.closing = False
        self._identity_limits = identity_limits
        self._parts = AsyncExitStack()

    async def start(self) -> None:
        """Returns when connections are accepted. Raises StartError, and then nothing is left running."""
        async with AsyncExitStack() as parts:
            await self._start(parts)
            self._parts = parts.pop_all()

    async def stop(self) -> None:
        """Accept nobody any more, tell every client to come back, finish what was taken, release everything."""
        self.closing = True
        await self._parts.aclose()

    async def _start(self, parts: AsyncExitStack) -> None:
        config = self.config
        listener = bind(config.host, config.port)
        parts.callback(listener.close)
        node = NodeId(secrets.token_hex(4))
        store = await open_store(config)
        parts.push_async_callback(store.close)
        identity = Identity(store, now_ms=wall_clock_ms, signup_default=config.signup, limits=self._identity_limits)
        parts.push_async_callback(identity.close)
        await identity.open()
        shared_bus = make_bus(config)
        bus = Canary(shared_bus or LocalBus(), node)
        hub = Hub(asyncio.get_running_loop())
        chat = Chat(store, bus, identity, hub, chat_settings(config), now_ms=wall_clock_ms)
        parts.push_async_callback(chat.close)
        try:
            await chat.open()
        except BusError as error:
            raise StartError(f"bus: {error}") from error
        gateway = Gateway(
            chat, VocabularyCodec(Command, FIELD_KEYS, TYPE_KEYS), gateway_settings(config), hub=hub, node=node
        )
        site = build_site(
            site_settings(config),
            identity=identity,
            chat=chat,
            realtime=gateway.http,
            serves=gateway.serves,
            registry=new_registry(gateway.census, chat, __version__, shared_bus.counters if shared_bus else None),
            checks={"store": store.ping, "bus": bus.sing},
            closing=lambda: self.closing,
            now_ms=wall_clock_ms,
        )
        server = _Server(
            uvicorn.Config(
                gateway.forwarded(site),
                http=gateway.http_protocol,
                ws=gateway.ws_protocol,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # `forwarded` does it, for WebSockets too
                backlog=_BACKLOG,
                timeout_graceful_shutdown=max(1, math.ceil(config.shutdown_grace_seconds)),
            )
        )
        parts.push_async_callback(server.finish)
        parts.push_async_callback(gateway.close, config.shutdown_grace_seconds)
        gateway.start()
        await server.begin(listener)
        parts.callback(server.stop_accepting)
        self.url = url_of(listener)
        logger.info("started", extra={"url": self.url, "version": __version__, "data": config.data, "node": node})


def chat_settings(config: Config) -> ChatSettings:
    """What the chat needs of the configuration."""
    return ChatSettings(
        text_bytes=config.text_bytes,
        frame_bytes=config.message_bytes,
        heartbeat_seconds=config.heartbeat_seconds,
        allowed_origins=config.allowed_origins,
    )


def gateway_settings(config: Config) -> GatewaySettings:
    """What the connections need of it."""
    return GatewaySettings(
        heartbeat_seconds=config.heartbeat_seconds,
        heartbeat_timeout_seconds=config.heartbeat_timeout_seconds,
        message_bytes=config.message_bytes,
        write_buffer_bytes=config.write_buffer_bytes,
        compression=config.compression,
        allowed_origins=config.allowed_origins,
        trusted_proxies=config.trusted_proxies,
    )


def site_settings(config: Config) -> SiteSettings:
    """What HTTP needs of it."""
    return SiteSettings(
        limits=Limits(config.text_bytes, config.message_bytes),
        allowed_origins=config.allowed_origins,
        body_bytes=config.message_bytes,
        metrics=config.metrics,
    )


@asynccontextmanager
async def running(config: Config, *, identity_limits: IdentityLimits | None = None) -> AsyncIterator[Application]:
    """A server for as long as the block lasts. Raises StartError."""
    app = Application(config, identity_limits=identity_limits)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


def bind(host: str, port: int) -> socket.socket:
    """A socket of our own. uvicorn's way would end the process by itself when the port is taken. Raises StartError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise StartError(f"host: there is no address {host}") from error
    listener = socket.socket(family, kind, protocol)
    try:
        # restart while old connections are in TIME_WAIT; not SO_REUSEPORT, which would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if host == "::" else 1)
        listener.bind(address)
        listener.settimeout(0)
    except OSError as error:
        listener.close()
        raise _cannot_listen(host, port, error) from error
    return listener


def _cannot_listen(host: str, port: int, error: OSError) -> StartError:
    return StartError(f"port: can't listen on {host} port {port}: {error.strerror or error}")


def url_of(listener: socket.socket) -> str:
    """What to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104  compared, not bound
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """uvicorn without its own signals, and with a moment that one can wait for."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._accepting = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._accepting.set()

    async def begin(self, listener: socket.socket) -> None:
        """Accept on the socket. Returns when it does. Raises StartError."""
        try:
            listener.listen(_BACKLOG)
        except OSError as error:
            host, port = listener.getsockname()[:2]
            raise _cannot_listen(host, port, error) from error
        self._task = asyncio.create_task(self.serve(sockets=[listener]))
        accepting = asyncio.create_task(self._accepting.wait())
        await asyncio.wait({self._task, accepting}, return_when=asyncio.FIRST_COMPLETED)
        if self._task.done():
            accepting.cancel()
            await self._task

    def stop_accepting(self) -> None:
        for server in self.servers:
            server.close()

    async def finish(self) -> None:
        """Answer the requests that were begun, at most for the grace, then end."""
        self.should_exit = True
        if self._task is not None:
            await self._task
