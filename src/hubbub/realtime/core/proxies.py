"""Who a client is when a reverse proxy stands between: `X-Forwarded-For` and `X-Forwarded-Proto`.

One rule for all that comes in, WebSockets and HTTP requests alike. A proxy appends the address that it sees to
`X-Forwarded-For`, so the list is read from its end: the last address that is not a trusted proxy's is the client's.
What stands before it was written by the client itself and proves nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Any, Any], Awaitable[None]]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SECURE: Final = {"https": True, "wss": True, "http": False, "ws": False}
_KNOWN: Final = 4096


class Client(NamedTuple):
    """Where a request comes from.

    Attributes:
        secure: whether the client itself uses TLS.
        forwarded: `peer` is what a trusted proxy says, not the other end of the connection.
    """

    peer: str
    secure: bool
    forwarded: bool = False


class Proxies:
    """The reverse proxies whose word is believed.

    Args:
        trusted: addresses and networks, such as "127.0.0.1" and "10.0.0.0/8"; empty: nobody is.

    Raises:
        ValueError: one of them is neither.
    """

    def __init__(self, trusted: Sequence[str]) -> None:
        self._networks = tuple(ipaddress.ip_network(one) for one in trusted)
        self._trusts = lru_cache(maxsize=_KNOWN)(self._find)

    def client(self, peer: str, headers: Mapping[str, str], *, secure: bool) -> Client:
        """Who has sent a request with these headers.

        Args:
            peer: the address at the other end of the connection.
            headers: names in lower case, repeated ones joined by ", ".
            secure: whether the connection itself is TLS.
        """
        if not self._networks or not self._trusts(peer):
            return Client(peer, secure)
        protocol = headers.get("x-forwarded-proto", "").strip().lower()
        origin = self._origin(peer, headers.get("x-forwarded-for", ""))
        return Client(origin, _SECURE.get(protocol, secure), forwarded=origin != peer)

    def _origin(self, peer: str, forwarded_for: str) -> str:
        """The last address of the list that is not a trusted proxy's. Where it stops being a list, the last hop."""
        for entry in reversed(forwarded_for.split(",")):
            address = _address(_host(entry.strip()))
            if address is None:
                return peer
            peer = str(address)
            if not self._trusts(peer):
                return peer
        return peer

    def _find(self, peer: str) -> bool:
        address = _address(peer)
        return address is not None and any(address in network for network in self._networks)


def _address(text: str) -> Address | None:
    """An IPv4 address that a socket for both families reports, "::ffff:127.0.0.1", is that IPv4 address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _host(entry: str) -> str:
    """`host`, `host:port`, `[host]` or `[host]:port` without its port."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry


class ForwardedApp:
    """An ASGI application that sees a trusted proxy's client in `scope["client"]` and `scope["scheme"]`.

    In place of `uvicorn.Config(proxy_headers=True)`, which does not see WebSockets here.
    """

    def __init__(self, app: Asgi, proxies: Proxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = _forwarded(scope["headers"])
            if headers and scope.get("client"):
                host, port = scope["client"]
                client = self._proxies.client(host, headers, secure=scope["scheme"] == "https")
                if client.forwarded:
                    port = 0  # it is the proxy's
                scope = {**scope, "client": (client.peer, port), "scheme": "https" if client.secure else "http"}
        await self._app(scope, receive, send)


def _forwarded(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        if name.startswith(b"x-forwarded-"):
            key, text = name.decode("latin-1"), value.decode("latin-1")
            found[key] = f"{found[key]}, {text}" if key in found else text
    return found
