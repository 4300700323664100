"""Engine.IO revision 4: packets, payloads, refusals and the upgrade."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.wire.engineio import (
    MESSAGE,
    MESSAGE_BYTE,
    NOOP,
    PING,
    PROBE,
    PROBE_ANSWER,
    UPGRADE,
    Open,
    Packet,
    PacketError,
    PacketType,
    Refusal,
    Step,
    UpgradeProbe,
    decode,
    decode_payload,
    encode_base64,
    encode_open,
    encode_payload,
    parse_query,
    verify,
)

from .strategies import polling_bodies


def test_the_handshake_tells_milliseconds() -> None:
    packet = encode_open(
        Open(
            sid="lv_VI97HAXpY6yYWAAAC",
            upgrades=("websocket",),
            ping_interval_seconds=25.0,
            ping_timeout_seconds=20.0004,
            max_payload_bytes=1_000_000,
        )
    )
    assert packet[:1] == b"0"
    assert json.loads(packet[1:]) == {
        "sid": "lv_VI97HAXpY6yYWAAAC",
        "upgrades": ["websocket"],
        "pingInterval": 25000,
        "pingTimeout": 20000,
        "maxPayload": 1000000,
    }


@pytest.mark.parametrize(
    ("message", "packet"),
    [
        (b"0{}", Packet(PacketType.OPEN, b"{}")),
        (b"1", Packet(PacketType.CLOSE)),
        (b"2probe", Packet(PacketType.PING, b"probe")),
        (b"3", Packet(PacketType.PONG)),
        (b"4hello", Packet(PacketType.MESSAGE, b"hello")),
        (b"5", Packet(PacketType.UPGRADE)),
        (b"6", Packet(PacketType.NOOP)),
        (b"bAQIDBA==", Packet(PacketType.MESSAGE, b"\x01\x02\x03\x04", binary=True)),
        (b"b", Packet(PacketType.MESSAGE, b"", binary=True)),
    ],
)
def test_a_packet_is_a_digit_and_data(message: bytes, packet: Packet) -> None:
    assert decode(message) == packet


@pytest.mark.parametrize("message", [b"", b"7", b"/", b"abc", b"b!", b"bA", b"\xff", b" 4"])
def test_anything_else_is_no_packet(message: bytes) -> None:
    with pytest.raises(PacketError):
        decode(message)


def test_a_message_is_known_by_its_first_byte() -> None:
    assert MESSAGE[0] == MESSAGE_BYTE


def test_the_specification_s_payloads() -> None:
    assert list(decode_payload(b"4hello\x1e2\x1e4world")) == [
        Packet(PacketType.MESSAGE, b"hello"),
        Packet(PacketType.PING),
        Packet(PacketType.MESSAGE, b"world"),
    ]
    assert list(decode_payload(b"4hello\x1ebAQIDBA==")) == [
        Packet(PacketType.MESSAGE, b"hello"),
        Packet(PacketType.MESSAGE, b"\x01\x02\x03\x04", binary=True),
    ]
    assert list(decode_payload("4€".encode())) == [Packet(PacketType.MESSAGE, "€".encode())]
    assert list(decode_payload(b"b")) == [Packet(PacketType.MESSAGE, b"", binary=True)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"abc",
        b"4a\x1e",
        b"\x1e4a",
        b"4a\x1e\x1e4b",
        b"4\xff",
        b"bAQID\x1e9",
        b"b!!!!",
        b"bAQIDBA",
        b"bAQIDBA==AQ",
        b"b\xc3\xa9",
    ],
)
def test_a_bad_payload_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(PacketError):
        list(decode_payload(body))


@given(
    st.lists(
        st.binary().map(lambda data: (True, data))
        | st.text(st.characters(exclude_characters="\x1e", codec="utf-8")).map(lambda text: (False, text.encode())),
        min_size=1,
    )
)
def test_payloads_survive_the_wire(packets: list[tuple[bool, bytes]]) -> None:
    body = encode_payload([encode_base64(data) if binary else MESSAGE + data for binary, data in packets])
    assert list(decode_payload(body)) == [Packet(PacketType.MESSAGE, data, binary) for binary, data in packets]


@given(polling_bodies)
def test_arbitrary_payloads_are_packets_or_refused(body: bytes) -> None:
    try:
        packets = list(decode_payload(body))
    except PacketError:
        return
    assert packets


@given(st.binary())
def test_arbitrary_messages_are_packets_or_refused(message: bytes) -> None:
    try:
        packet = decode(message)
    except PacketError:
        return
    assert b"%d%b" % (packet.type, packet.data) == message


def test_refusals_are_those_of_the_reference_server() -> None:
    assert [(refusal.code, refusal.status) for refusal in Refusal] == [
        (0, 400),
        (1, 400),
        (2, 400),
        (3, 400),
        (4, 403),
        (5, 400),
        (3, 400),  # JSONP
    ]
    for refusal in Refusal:
        assert json.loads(refusal.body) == {"code": refusal.code, "message": refusal.message}
    assert Refusal.UNKNOWN_TRANSPORT.body == b'{"code":0,"message":"Transport unknown"}'


def test_of_a_repeated_parameter_the_last_counts() -> None:
    assert parse_query("EIO=4&transport=polling&transport=web%73ocket&t=&sid=a%2Bb") == {
        "EIO": "4",
        "transport": "websocket",
        "t": "",
        "sid": "a+b",
    }


@pytest.mark.parametrize(
    ("method", "query", "websocket", "transport", "refusal"),
    [
        ("GET", "EIO=4&transport=polling", False, None, None),
        ("GET", "EIO=4&transport=websocket", True, None, None),
        ("GET", "EIO=4&transport=polling&sid=", False, None, None),
        ("GET", "EIO=4&transport=polling&j=0", False, None, Refusal.NO_JSONP),
        ("POST", "EIO=4&transport=polling&sid=x&j=1", False, "polling", Refusal.NO_JSONP),
        ("GET", "EIO=4", False, None, Refusal.UNKNOWN_TRANSPORT),
        ("GET", "EIO=4&transport=abc", False, None, Refusal.UNKNOWN_TRANSPORT),
        ("GET", "EIO=4&transport=webtransport", True, None, Refusal.UNKNOWN_TRANSPORT),
        ("GET", "transport=polling", False, None, Refusal.UNSUPPORTED_VERSION),
        ("GET", "EIO=3&transport=polling", False, None, Refusal.UNSUPPORTED_VERSION),
        ("GET", "EIO=abc&transport=websocket", True, None, Refusal.UNSUPPORTED_VERSION),
        ("POST", "EIO=4&transport=polling", False, None, Refusal.BAD_HANDSHAKE_METHOD),
        ("PUT", "EIO=4&transport=polling", False, None, Refusal.BAD_HANDSHAKE_METHOD),
        ("GET", "EIO=4&transport=websocket", False, None, Refusal.BAD_REQUEST),
        ("GET", "EIO=4&transport=polling", True, None, Refusal.BAD_REQUEST),
        ("GET", "EIO=4&transport=polling&sid=x", False, None, Refusal.UNKNOWN_SID),
        ("GET", "EIO=4&transport=websocket&sid=x", True, None, Refusal.UNKNOWN_SID),
        ("GET", "EIO=4&transport=polling&sid=x", False, "polling", None),
        ("POST", "EIO=4&transport=polling&sid=x", False, "polling", None),
        ("PUT", "EIO=4&transport=polling&sid=x", False, "polling", Refusal.BAD_REQUEST),
        ("GET", "EIO=4&transport=websocket&sid=x", True, "polling", None),
        ("POST", "EIO=4&transport=websocket&sid=x", True, "polling", Refusal.BAD_REQUEST),
        ("GET", "EIO=4&transport=polling&sid=x", False, "websocket", Refusal.BAD_REQUEST),
        ("GET", "EIO=4&transport=websocket&sid=x", True, "websocket", None),
    ],
)
def test_which_requests_are_refused(
    method: str, query: str, websocket: bool, transport: str | None, refusal: Refusal | None
) -> None:
    assert verify(method, parse_query(query), websocket=websocket, transport=transport) is refusal


@given(st.text())
def test_arbitrary_queries_are_accepted_or_refused(query: str) -> None:
    verify("GET", parse_query(query), websocket=False, transport=None)


def test_an_upgrade_probes_then_switches() -> None:
    probe = UpgradeProbe()
    seen = [(probe.drains_polls, probe.switched)]
    assert probe.receive(PROBE) is Step.ANSWER
    seen.append((probe.drains_polls, probe.switched))
    assert probe.receive(PROBE) is Step.ANSWER
    assert probe.receive(UPGRADE) is Step.SWITCH
    seen.append((probe.drains_polls, probe.switched))
    assert seen == [(False, False), (True, False), (True, True)]
    assert (PROBE, PROBE_ANSWER, UPGRADE, NOOP, PING) == (b"2probe", b"3probe", b"5", b"6", b"2")


@pytest.mark.parametrize("message", [b"5", b"4hello", b"2", b"2probes", b"3probe", b"", b"6", b"1"])
def test_an_upgrade_begins_with_the_probe(message: bytes) -> None:
    probe = UpgradeProbe()
    with pytest.raises(PacketError):
        probe.receive(message)
    assert not probe.drains_polls


@pytest.mark.parametrize("message", [b"5x", b"4hello", b"1", b"", b"3probe"])
def test_after_the_probe_only_the_upgrade_may_come(message: bytes) -> None:
    probe = UpgradeProbe()
    probe.receive(PROBE)
    with pytest.raises(PacketError):
        probe.receive(message)
    assert not probe.switched


@pytest.mark.parametrize("message", [PROBE, UPGRADE])
def test_an_upgrade_happens_once(message: bytes) -> None:
    probe = UpgradeProbe()
    probe.receive(PROBE)
    probe.receive(UPGRADE)
    with pytest.raises(PacketError):
        probe.receive(message)
