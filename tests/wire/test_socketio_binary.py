"""Binary data in Socket.IO packets."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.wire.engineio import PacketError
from hubbub.wire.socketio import MAIN, Packet, PacketType, decode
from hubbub.wire.socketio_binary import DEPTH_MAX, Assembled, Assembler, encode_binary

from .strategies import binary_values


def assembler(attachments_max: int = 4, bytes_max: int = 1000) -> Assembler:
    return Assembler(attachments_max=attachments_max, bytes_max=bytes_max)


def test_a_packet_is_whole_with_its_last_attachment() -> None:
    collected = assembler()
    waiting = [collected.waiting]
    collected.begin(decode(b'52-/admin,7["baz",{"_placeholder":true,"num":1},[{"a":{"_placeholder":true,"num":0}},3]]'))
    waiting.append(collected.waiting)
    assert collected.attach(b"\x01") is None
    waiting.append(collected.waiting)
    assert collected.attach(b"\x02") == Assembled(PacketType.EVENT, "/admin", 7, ["baz", b"\x02", [{"a": b"\x01"}, 3]])
    waiting.append(collected.waiting)
    assert waiting == [False, True, True, False]


def test_acknowledgements_have_attachments_too_and_one_packet_follows_another() -> None:
    collected = assembler()
    for _ in range(3):
        collected.begin(decode(b'61-15["bar",{"_placeholder":true,"num":0}]'))
        assert collected.attach(b"xyz") == Assembled(PacketType.ACK, MAIN, 15, ["bar", b"xyz"])


def test_an_object_that_looks_like_a_placeholder_but_is_none_stays() -> None:
    collected = assembler()
    collected.begin(decode(b'51-["a",{"_placeholder":false,"num":0},{"_placeholder":1}]'))
    found = collected.attach(b"x")
    assert found is not None
    assert found.args == ["a", {"_placeholder": False, "num": 0}, {"_placeholder": 1}]


def test_packets_may_not_be_mixed() -> None:
    collected = assembler()
    with pytest.raises(PacketError):
        collected.attach(b"x")
    packet = decode(b'51-["a",{"_placeholder":true,"num":0}]')
    collected.begin(packet)
    with pytest.raises(PacketError):
        collected.begin(packet)


def test_memory_is_bounded() -> None:
    packet = decode(b'53-["a",{"_placeholder":true,"num":0}]')
    with pytest.raises(PacketError, match="attachments"):
        assembler(attachments_max=2).begin(packet)
    with pytest.raises(PacketError, match="attachments"):
        assembler().begin(Packet(PacketType.EVENT, data=b"[]"))
    collected = assembler(bytes_max=10)
    collected.begin(packet)
    assert collected.attach(b"12345") is None
    assert collected.attach(b"12345") is None
    with pytest.raises(PacketError, match="bytes"):
        collected.attach(b"1")


def test_the_limit_of_bytes_is_for_one_packet() -> None:
    collected = assembler(bytes_max=10)
    for _ in range(3):
        collected.begin(decode(b'51-["a",{"_placeholder":true,"num":0}]'))
        assert collected.attach(b"1234567890") is not None


@pytest.mark.parametrize(
    "data",
    [
        b'["a",{"_placeholder":true,"num":1}]',
        b'["a",{"_placeholder":true,"num":-1}]',
        b'["a",{"_placeholder":true,"num":"0"}]',
        b'["a",{"_placeholder":true,"num":true}]',
        b'["a",{"_placeholder":true}]',
        b'["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}]',
        b'["a"',
        b"[]",
        b"[null]",
        b"[[]]",
        b"[" * 50_000,
        b'["a",' + b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1) + b"]",
    ],
    ids=lambda data: repr(data)[:40],
)
def test_a_packet_that_does_not_fit_its_attachments_is_refused(data: bytes) -> None:
    collected = assembler()
    collected.begin(Packet(PacketType.BINARY_EVENT, attachments=1, data=data))
    with pytest.raises(PacketError):
        collected.attach(b"x")


def test_a_packet_without_data_is_refused() -> None:
    collected = assembler()
    collected.begin(Packet(PacketType.BINARY_ACK, id=1, attachments=1))
    with pytest.raises(PacketError):
        collected.attach(b"x")


def test_the_specification_s_encodings() -> None:
    assert encode_binary(PacketType.BINARY_EVENT, ["baz", b"\x01\x02\x03\x04"]) == [
        b'51-["baz",{"_placeholder":true,"num":0}]',
        b"\x01\x02\x03\x04",
    ]
    assert encode_binary(PacketType.BINARY_EVENT, ["baz", b"\x01\x02", b"\x03\x04"], namespace="/admin") == [
        b'52-/admin,["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
        b"\x01\x02",
        b"\x03\x04",
    ]
    assert encode_binary(PacketType.BINARY_ACK, ["bar", bytearray(b"\x01")], 15) == [
        b'61-15["bar",{"_placeholder":true,"num":0}]',
        b"\x01",
    ]


def test_what_is_nested_too_deep_is_not_encoded() -> None:
    deep: Any = b"x"
    for _ in range(DEPTH_MAX):
        deep = (deep,)
    with pytest.raises(ValueError, match="deep"):
        encode_binary(PacketType.BINARY_EVENT, ["a", deep])


@given(st.lists(binary_values), st.binary(), st.none() | st.integers(0, 10**15 - 1), st.sampled_from([MAIN, "/admin"]))
def test_every_binary_event_survives_the_wire(values: list[Any], data: bytes, ack: int | None, namespace: str) -> None:
    args = ["name", *values, data]
    text, *parts = encode_binary(PacketType.BINARY_EVENT, args, ack, namespace)
    collected = assembler(attachments_max=1000, bytes_max=10**9)
    collected.begin(decode(text))
    found = None
    for part in parts:
        assert found is None
        found = collected.attach(part)
    assert found == Assembled(PacketType.EVENT, namespace, ack, args)


@given(st.binary(), st.lists(st.binary(), max_size=5))
def test_arbitrary_bytes_are_a_packet_or_refused(data: bytes, parts: list[bytes]) -> None:
    collected = assembler()
    try:
        collected.begin(decode(b"52-[" + data))
        for part in parts:
            collected.attach(part)
    except PacketError:
        return


def test_what_clients_would_take_for_a_placeholder_is_not_sent() -> None:
    with pytest.raises(ValueError, match="_placeholder"):
        encode_binary(PacketType.BINARY_EVENT, ["a", b"x", {"_placeholder": True, "num": 0}])
