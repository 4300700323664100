"""Addresses of the bus, taken apart."""

from __future__ import annotations

import pytest

from hubbub.bus import BusError
from hubbub.bus.redis import Address
from hubbub.bus.redis.address import Endpoint


def test_a_server() -> None:
    address = Address.parse("redis://u:p%40ss@[::1]:7000/chat-2")
    assert address.endpoints == (Endpoint("::1", 7000),)
    assert (address.user, address.password, address.namespace, address.tls) == ("u", "p@ss", "chat-2", False)
    assert Address.parse("redis://localhost").endpoints == (Endpoint("localhost", 6379),)
    assert Address.parse("rediss://localhost/?ca=/etc/ca.pem").tls
    assert Address.parse("rediss://localhost/?ca=/etc/ca.pem").ca == "/etc/ca.pem"


def test_a_unix_socket() -> None:
    address = Address.parse("unix://:secret@/run/a%20b/valkey.sock?namespace=other")
    assert address.endpoints == (Endpoint(path="/run/a b/valkey.sock"),)
    assert (address.password, address.namespace) == ("secret", "other")


def test_sentinels_and_clusters() -> None:
    address = Address.parse("redis+sentinel://:p@one,two:7000/main/3?sentinel_password=q")
    assert address.endpoints == (Endpoint("one", 26379), Endpoint("two", 7000))
    assert (address.kind, address.master, address.namespace) == ("sentinel", "main", "3")
    assert (address.password, address.sentinel_password) == ("p", "q")
    cluster = Address.parse("rediss+cluster://one:7000,two")
    assert (cluster.kind, cluster.tls) == ("cluster", True)
    assert cluster.endpoints == (Endpoint("one", 7000), Endpoint("two", 6379))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost",
        "http://u:secret@localhost",
        "redis://",
        "redis://u:secret@one,two",
        "redis://:secret@host:port",
        "redis://host:99999",
        "redis://:secret@host/a/b",
        "redis://:secret@host/a%20b",
        "redis://host/0?sercet=secret",
        "redis+sentinel://:secret@host",
        "unix://:secret@",
        "unix://host/path",
        "redis+cluster://,",
        "redis://[secret",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BusError) as raised:
        Address.parse(text)
    assert "secret" not in str(raised.value)


def test_passwords_are_not_shown() -> None:
    address = Address.parse("redis+sentinel://u:secret@one/main?sentinel_password=secret")
    assert "secret" not in repr(address) + str(address)
    assert str(address) == "main of one:26379"
