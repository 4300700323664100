"""Socket.IO revision 5: packets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.wire.engineio import PacketError
from hubbub.wire.socketio import (
    MAIN,
    Packet,
    PacketType,
    connect_auth,
    decode,
    encode_ack,
    encode_connect,
    encode_connect_error,
    encode_disconnect,
    encode_event,
    possible_namespace,
)

from .strategies import event_args, namespaces, socketio_packets


@pytest.mark.parametrize(
    ("payload", "packet"),
    [
        (b"0", Packet(PacketType.CONNECT)),
        (b'0{"token":"123"}', Packet(PacketType.CONNECT, data=b'{"token":"123"}')),
        (b"0/admin,", Packet(PacketType.CONNECT, "/admin")),
        (b"0/admin", Packet(PacketType.CONNECT, "/admin")),
        (b'0/admin,{"sid":"a"}', Packet(PacketType.CONNECT, "/admin", data=b'{"sid":"a"}')),
        (b"0/admin?token=1&x=y,", Packet(PacketType.CONNECT, "/admin")),
        ("0/caf\u00e9,".encode(), Packet(PacketType.CONNECT, "/caf\u00e9")),
        (b"1", Packet(PacketType.DISCONNECT)),
        (b"1/admin,", Packet(PacketType.DISCONNECT, "/admin")),
        (b"1/admin", Packet(PacketType.DISCONNECT, "/admin")),
        (b'2["foo"]', Packet(PacketType.EVENT, data=b'["foo"]')),
        (b'212["foo"]', Packet(PacketType.EVENT, id=12, data=b'["foo"]')),
        (b'2999999999999999["foo"]', Packet(PacketType.EVENT, id=999_999_999_999_999, data=b'["foo"]')),
        (b'20["foo"]', Packet(PacketType.EVENT, id=0, data=b'["foo"]')),
        (b'2/admin,["bar"]', Packet(PacketType.EVENT, "/admin", data=b'["bar"]')),
        (b'2/admin,13["bar"]', Packet(PacketType.EVENT, "/admin", 13, data=b'["bar"]')),
        (b"2/,[1]", Packet(PacketType.EVENT, MAIN, data=b"[1]")),
        (b"312[]", Packet(PacketType.ACK, id=12, data=b"[]")),
        (b'3/admin,13["bar"]', Packet(PacketType.ACK, "/admin", 13, data=b'["bar"]')),
        (b'4{"message":"no"}', Packet(PacketType.CONNECT_ERROR, data=b'{"message":"no"}')),
        (b'4/a,"no"', Packet(PacketType.CONNECT_ERROR, "/a", data=b'"no"')),
        (
            b'51-["baz",{"_placeholder":true,"num":0}]',
            Packet(PacketType.BINARY_EVENT, attachments=1, data=b'["baz",{"_placeholder":true,"num":0}]'),
        ),
        (b'52-/admin,7["a"]', Packet(PacketType.BINARY_EVENT, "/admin", 7, 2, b'["a"]')),
        (b'61-15["bar"]', Packet(PacketType.BINARY_ACK, MAIN, 15, 1, b'["bar"]')),
    ],
)
def test_packets_of_the_specification(payload: bytes, packet: Packet) -> None:
    assert decode(payload) == packet


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"7",
        b"abc",
        b"0[]",
        b"0x",
        b"01",
        b'01{"a":1}',
        b"1{}",
        b"1[]",
        b"12",
        b"2",
        b"2{}",
        b'2"foo"',
        b'2abc["foo"]',
        b'2 ["foo"]',
        b'2-1["foo"]',
        b'21234567890123456["foo"]',
        b"2/admin,",
        b'2/ad\x00min,["foo"]',
        b"2/" + b"a" * 256 + b",[1]",
        b'2/admin["foo"]',
        b'3["foo"]',
        b"3",
        b"312",
        b"312{}",
        b"4",
        b"4[]",
        b'412{"message":"no"}',
        b'5["foo"]',
        b'50-["foo"]',
        b'5-["foo"]',
        b'51["foo"]',
        b'512345-["foo"]',
        b"51-",
        b"51-{}",
        b'61-["foo"]',
        b'21-["foo"]',
        b"0/\xff,",
    ],
)
def test_a_broken_packet_is_refused(payload: bytes) -> None:
    with pytest.raises(PacketError):
        decode(payload)


def test_a_name_may_have_blanks_and_a_connect_packet_any_name() -> None:
    """It is for the server to say that there is no such namespace."""
    assert decode(b'2/ad min,1["foo"]') == Packet(PacketType.EVENT, "/ad min", 1, 0, b'["foo"]')
    assert decode(b"0/" + b"a" * 300 + b",").namespace == "/" + "a" * 300
    assert decode(b"0/a\x01b").namespace == "/a\x01b"
    assert possible_namespace("/ad min")
    assert not any(map(possible_namespace, ("", "a", "/a,b", "/a?", "/a\n", "/a\x7f", "/" + "a" * 256)))


def test_the_credentials_of_a_connect_packet() -> None:
    assert connect_auth(decode(b"0")) is None
    assert connect_auth(decode(b'0{"token":"a"}')) == {"token": "a"}
    assert connect_auth(decode(b"0/admin,{}")) == {}


@pytest.mark.parametrize("payload", [b"0{", b'0{"a":}', b"0{} x", b'0{"a":"\\ud800', b'0{"a":' + b"[" * 50_000])
def test_credentials_that_are_no_object_are_refused(payload: bytes) -> None:
    with pytest.raises(PacketError):
        connect_auth(decode(payload))


def test_what_the_server_says() -> None:
    assert encode_connect("a-b_c") == b'0{"sid":"a-b_c"}'
    assert encode_connect("abc", "/admin") == b'0/admin,{"sid":"abc"}'
    assert encode_connect_error("Invalid namespace", namespace="/random") == b'4/random,{"message":"Invalid namespace"}'
    assert encode_connect_error("Sign in first.", {"code": "unauthenticated"}) == (
        b'4{"message":"Sign in first.","data":{"code":"unauthenticated"}}'
    )
    assert encode_disconnect() == b"1"
    assert encode_disconnect("/admin") == b"1/admin,"
    assert encode_event(b'["foo"]') == b'2["foo"]'
    assert encode_event(b'["foo"]', 13, "/admin") == b'2/admin,13["foo"]'
    assert encode_ack(12, b"[]") == b"312[]"
    assert encode_ack(13, b'["bar"]', "/admin") == b'3/admin,13["bar"]'


def test_a_namespace_with_a_comma_can_not_be_said() -> None:
    with pytest.raises(ValueError, match="comma"):
        encode_disconnect("/a,b")


@given(event_args, st.none() | st.integers(0, 10**15 - 1), namespaces)
def test_every_event_survives_the_wire(args: bytes, ack: int | None, namespace: str) -> None:
    packet = Packet(PacketType.EVENT, namespace, ack, 0, args)
    assert decode(encode_event(args, ack, namespace)) == packet


@given(event_args, st.integers(0, 10**15 - 1), namespaces)
def test_every_acknowledgement_survives_the_wire(args: bytes, ack: int, namespace: str) -> None:
    assert decode(encode_ack(ack, args, namespace)) == Packet(PacketType.ACK, namespace, ack, 0, args)


@given(st.text(), namespaces)
def test_every_connection_and_its_end_survive_the_wire(sid: str, namespace: str) -> None:
    connect = decode(encode_connect(sid, namespace))
    assert (connect.type, connect.namespace) == (PacketType.CONNECT, namespace)
    assert connect_auth(connect) == {"sid": sid}
    assert decode(encode_disconnect(namespace)) == Packet(PacketType.DISCONNECT, namespace)


@given(socketio_packets)
def test_arbitrary_bytes_are_a_packet_or_refused(payload: bytes) -> None:
    try:
        packet = decode(payload)
    except PacketError:
        return
    assert packet.type == payload[0] - 0x30
