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
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import uvicorn
from prometheus_client import CollectorRegistry, generate_latest

from hubbub import __version__
from hubbub.bus import ALONE, Bus, BusError, CountingBus, LocalBus, NodeId
from hubbub.chat import Chat, ChatSettings
from hubbub.cluster import (
    Canary,
    ClusterCollector,
    ClusterNode,
    ClusterSettings,
    InternalListenerError,
    NodeSecret,
    ObservedBus,
)
from hubbub.config import Config
from hubbub.errors import DataInUse, StoreUnavailable
from hubbub.http.metrics import new_registry
from hubbub.http.site import SiteSettings, build_site
from hubbub.identity import Identity, IdentityLimits
from hubbub.realtime import Gateway, GatewaySettings, Hub, VocabularyCodec
from hubbub.run.listening import BACKLOG, HttpServer, StartError, bind, url_of
from hubbub.store import Store
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import Command, Limits
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS

logger = logging.getLogger(__name__)

DATABASE: Final = "hubbub.db"


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
        member: its part among several nodes; None where it is the only one.
    """

    def __init__(
        self,
        config: Config,
        *,
        shared_port: bool = False,
        bus: Bus | None = None,
        identity_limits: IdentityLimits | None = None,
    ) -> None:
        """Args:
        shared_port: others of this server's processes accept on it, too (`serving.bind`).
        bus: one that other nodes share, instead of that of the configuration.
        """
        self.config = config
        self.url = ""
        self.closing = False
        self._bus = bus
        self._shared_port = shared_port
        self._identity_limits = identity_limits
        self.member: ClusterNode | None = None
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
        listener = bind(config.host, config.port, shared=self._shared_port)
        parts.callback(listener.close)
        node = NodeId(secrets.token_hex(4))
        store = await open_store(config)
        parts.push_async_callback(store.close)
        identity = Identity(store, now_ms=wall_clock_ms, signup_default=config.signup, limits=self._identity_limits)
        parts.push_async_callback(identity.close)
        await identity.open()
        own_bus = make_bus(config)
        bus = self._bus or own_bus
        observed = ObservedBus(bus or LocalBus())
        canary = Canary(observed.announce, node)
        observed.listeners.append(canary.heard)
        hub = Hub(asyncio.get_running_loop())
        name = ALONE if bus is None else node
        chat = Chat(store, observed, identity, hub, chat_settings(config), node=name, now_ms=wall_clock_ms)
        parts.push_async_callback(chat.close)
        try:
            await chat.open()
        except BusError as error:
            raise StartError(f"bus: {error}") from error
        gateway = Gateway(
            chat, VocabularyCodec(Command, FIELD_KEYS, TYPE_KEYS), gateway_settings(config), hub=hub, node=node
        )
        registry = new_registry(
            gateway.census, chat, __version__, own_bus.counters if own_bus else None, gateway.limits
        )
        if bus is not None:
            self.member = await self._join(parts, observed, node, gateway, store, registry)
        site = build_site(
            site_settings(config),
            identity=identity,
            chat=chat,
            realtime=gateway.http if self.member is None else self.member.http,
            serves=gateway.serves,
            registry=registry,
            metrics=None if self.member is None else self.member.metrics,
            checks={"store": store.ping, "bus": canary.check},
            remarks={} if self.member is None else {"peers": self.member.nodes.remark},
            closing=lambda: self.closing,
            now_ms=wall_clock_ms,
        )
        server = HttpServer(
            uvicorn.Config(
                gateway.forwarded(site),
                http=gateway.http_protocol,
                ws="none",  # they come in before HTTP does
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # `forwarded` does it, for WebSockets too
                backlog=BACKLOG,
                timeout_graceful_shutdown=max(1, math.ceil(config.shutdown_grace_seconds)),
            )
        )
        parts.push_async_callback(server.finish)
        parts.push_async_callback(self._dismiss, gateway)
        gateway.start()
        await server.begin(listener)
        parts.callback(server.stop_accepting)
        self.url = url_of(listener)
        logger.info("started", extra={"url": self.url, "version": __version__, "data": config.data, "node": node})

    async def _join(
        self,
        parts: AsyncExitStack,
        observed: ObservedBus,
        node: NodeId,
        gateway: Gateway,
        store: Store,
        registry: CollectorRegistry,
    ) -> ClusterNode:
        """Become one of several nodes. Raises StartError."""
        secret = await NodeSecret.of(store)
        settings = member_settings(self.config)
        member = ClusterNode(observed, node, gateway, secret, settings, lambda: generate_latest(registry))
        registry.register(ClusterCollector(member.nodes, member.traffic))
        parts.push_async_callback(member.close)
        try:
            await member.open()
        except InternalListenerError as error:
            raise StartError(f"node_address: {error}") from error
        return member

    async def _dismiss(self, gateway: Gateway) -> None:
        """Ask all clients to move; spread over half of the grace where other nodes take them."""
        grace = self.config.shutdown_grace_seconds
        if self.member is None or not any(self.member.nodes.peers()):
            await gateway.close(grace)
            return
        spread = grace / 2
        leaving = asyncio.ensure_future(self.member.leave(grace, spread))
        await gateway.close(grace, spread_seconds=spread)
        await leaving


def chat_settings(config: Config) -> ChatSettings:
    """What the chat needs of the configuration."""
    return ChatSettings(
        text_bytes=config.text_bytes,
        frame_bytes=config.message_bytes,
        heartbeat_seconds=config.heartbeat_seconds,
        allowed_origins=config.allowed_origins,
        user_work_per_second=config.user_work_per_second,
        strangers_per_address=config.strangers_per_address,
    )


def gateway_settings(config: Config) -> GatewaySettings:
    """What the connections need of it."""
    return GatewaySettings(
        heartbeat_seconds=config.heartbeat_seconds,
        heartbeat_timeout_seconds=config.heartbeat_timeout_seconds,
        message_bytes=config.message_bytes,
        write_buffer_bytes=config.write_buffer_bytes,
        handshake_seconds=config.request_seconds,
        request_line_bytes=config.request_line_bytes,
        header_bytes=config.header_bytes,
        header_count=config.header_count,
        stalled_seconds=config.stalled_seconds,
        least_bytes_per_second=config.least_bytes_per_second,
        work_per_second=config.work_per_second,
        strangers_per_address=config.strangers_per_address,
        waiting_bytes_per_address=config.waiting_bytes_per_address,
        compression=config.compression,
        allowed_origins=config.allowed_origins,
        trusted_proxies=config.trusted_proxies,
    )


def member_settings(config: Config) -> ClusterSettings:
    """What a node among several needs of it."""
    return ClusterSettings(
        address=config.node_address,
        body_bytes=config.message_bytes,
        answer_seconds=config.heartbeat_seconds + config.heartbeat_timeout_seconds,
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
async def running(
    config: Config, *, bus: Bus | None = None, identity_limits: IdentityLimits | None = None
) -> AsyncIterator[Application]:
    """A server for as long as the block lasts. Raises StartError."""
    app = Application(config, bus=bus, identity_limits=identity_limits)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()
