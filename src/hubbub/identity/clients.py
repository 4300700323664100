"""From where somebody asks, as limits count it."""

from __future__ import annotations

import ipaddress
from typing import Final

_OWN_BITS: Final = 64
"""Whoever has one IPv6 address has the other 2**64 of its network, too (RFC 6177)."""


def place(peer: str) -> str:
    """The address that counts: of IPv6 the network of a subscriber, of a mapped IPv4 address that one. "": unknown."""
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _OWN_BITS), strict=False))
