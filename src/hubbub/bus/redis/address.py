"""Where the servers are: the setting `bus`, taken apart.

    redis://[[user]:password@]host[:6379][/namespace]           rediss://… with TLS
    unix://[[user]:password@]/path/of/socket[?namespace=…]
    redis+sentinel://…@host[:26379],host,…/master[/namespace]   rediss+sentinel://…
    redis+cluster://…@host[:6379],host,…[/namespace]            rediss+cluster://…

Options behind `?`: `ca`, a file with the certificates that sign the servers'; `sentinel_user` and
`sentinel_password`. Pub/sub knows no database numbers, so what stands in their place is a namespace: several
installations may share a server.
"""

from __future__ import annotations

import re
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from msgspec import Struct

from hubbub.bus.protocols import BusError

_SCHEMES: Final = re.compile(r"(?P<tls>redis|rediss)(?:\+(?P<kind>sentinel|cluster))?|unix")
_NAMESPACE: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379


class Endpoint(Struct, frozen=True):
    """A server: a host and a port, or a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Address(Struct, frozen=True):
    """All of it.

    Attributes:
        endpoints: servers, or sentinels; any of them will do.
        master: the name by which sentinels know the servers.
        ca: a file; empty: the system's certificates.
    """

    kind: Literal["server", "sentinel", "cluster"]
    endpoints: tuple[Endpoint, ...]
    tls: bool = False
    user: str = ""
    password: str = ""
    master: str = ""
    namespace: str = "0"
    ca: str = ""
    sentinel_user: str = ""
    sentinel_password: str = ""

    def __repr__(self) -> str:
        return f"Address({self.kind}, {self})"  # no passwords in a log

    def __str__(self) -> str:
        places = ",".join(str(endpoint) for endpoint in self.endpoints)
        return f"{self.master} of {places}" if self.master else places

    @classmethod
    def parse(cls, text: str) -> Address:
        """Raises BusError."""
        try:
            return _parse(text)
        except ValueError as error:
            raise BusError(str(error)) from None  # the cause may quote a password


def _parse(text: str) -> Address:
    parts = urlsplit(text)
    scheme = _SCHEMES.fullmatch(parts.scheme)
    if scheme is None:
        raise ValueError("an address begins with redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://")
    login, _, places = parts.netloc.rpartition("@")
    user, _, password = (unquote(part) for part in login.partition(":"))
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    kind = scheme["kind"] or "server"
    path = [unquote(segment) for segment in parts.path.split("/") if segment]
    master = ""
    if parts.scheme == "unix":
        endpoints: tuple[Endpoint, ...] = (Endpoint(path=unquote(parts.path)),)
        if places or not path:
            raise ValueError("a unix address is unix:///path/of/the/socket")
        path = [options.pop("namespace", "0")]
    else:
        port = _SENTINEL_PORT if kind == "sentinel" else _PORT
        endpoints = tuple(_endpoint(place, port) for place in places.split(","))
        if kind == "server" and len(endpoints) != 1:
            raise ValueError("several servers are redis+cluster:// or redis+sentinel://")
        if kind == "sentinel":
            if not path:
                raise ValueError("a sentinel address ends with the master's name: redis+sentinel://host/NAME")
            master = path.pop(0)
    namespace = path.pop(0) if path else "0"
    if path or _NAMESPACE.fullmatch(namespace) is None:
        raise ValueError("the namespace is one word of letters, digits, ., - and _")
    if unknown := set(options) - {"ca", "sentinel_user", "sentinel_password"}:
        raise ValueError(f"there is no option {min(unknown)}")
    return Address(
        "sentinel" if kind == "sentinel" else "cluster" if kind == "cluster" else "server",
        endpoints,
        tls=scheme["tls"] == "rediss",
        user=user,
        password=password,
        master=master,
        namespace=namespace,
        **options,
    )


def _endpoint(place: str, port: int) -> Endpoint:
    try:
        parts = urlsplit(f"//{place}")
        host, given = parts.hostname, parts.port
    except ValueError:
        host = given = None
    if not host:
        raise ValueError("each server is a host or host:port")
    return Endpoint(host, given or port)
