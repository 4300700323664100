"""Every parser that meets bytes of somebody who has not signed in, and what it may say to them.

A target's function gets one input. It lets through what is a bug: any exception but the protocol's own errors.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hubbub.chat.log import resuming
from hubbub.errors import HubbubError
from hubbub.http.api import OPERATIONS
from hubbub.http.body import decode_body
from hubbub.realtime import RecoverySettings, VocabularyCodec
from hubbub.realtime.core.proxies import Proxies
from hubbub.realtime.protocols.codec import Codec
from hubbub.toolkit.events import EventCodec
from hubbub.toolkit.recovery import Recovery
from hubbub.vocabulary import Command
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS
from hubbub.wire import deflate, engineio, rejection, socketio, upgrade
from hubbub.wire.engineio import PacketError
from hubbub.wire.http_requests import RequestLimits, RequestSplitter
from hubbub.wire.rejection import CommandError
from hubbub.wire.socketio_binary import Assembler
from hubbub.wire.socketio_events import encode_refusal
from hubbub.wire.websocket import BINARY, PING, RSV1, TEXT, Decoder, masked_frame
from tests.wire.strategies import (
    HEAD,
    binary_values,
    command_bodies,
    compact_bodies,
    cut,
    event_args,
    frame_streams,
    http_requests,
    masks,
    namespaces,
    polling_bodies,
    request_heads,
    socketio_packets,
    vocabulary_events,
)

LIMIT: Final = 4096
"""The longest message that the parsers here accept, bytes."""

CHAT: Final = VocabularyCodec(Command, FIELD_KEYS, TYPE_KEYS)
CODECS: Final[tuple[Codec, ...]] = (CHAT, EventCodec())
PROXIES: Final = Proxies(("127.0.0.1", "10.0.0.0/8"))


class Target(NamedTuple):
    """One parser.

    Attributes:
        name: for `--only`.
        inputs: what it is given.
        run: gives it one input; what this raises is a bug.
        peak_bytes: what it may hold at once for one input.
    """

    name: str
    inputs: SearchStrategy[Any]
    run: Callable[[Any], None]
    peak_bytes: int = 2_000_000


# inputs


def damaged(sound: SearchStrategy[bytes]) -> SearchStrategy[bytes]:
    """Sound bytes with a few places overwritten, cut out or added."""
    changes = st.lists(st.tuples(st.integers(0, 2**16), st.binary(max_size=4), st.integers(0, 6)), max_size=4)
    return st.builds(_damage, sound, changes)


def _damage(data: bytes, changes: Iterable[tuple[int, bytes, int]]) -> bytes:
    for place, new, gone in changes:
        at = place % (len(data) + 1)
        data = data[:at] + new + data[at + gone :]
    return data


def repeated(*units: bytes) -> SearchStrategy[bytes]:
    """The same again and again, up to the limit: depth, and mass."""
    return st.builds(lambda unit, count: (unit * count)[:LIMIT], st.sampled_from(units), st.integers(1, LIMIT))


def as_json(values: SearchStrategy[Any]) -> SearchStrategy[bytes]:
    return values.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["_placeholder", "num"]), inner),
    max_leaves=12,
)
_deep = repeated(b"[", b'{"a":', b"[]", b"[1,", b'"', b"\\u", b"1e", b"9", b"-", b" ")
_packed_deep = repeated(
    b"\x91", b"\x81\xa1a", b"\xdc\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xc6\x7f\xff\xff\xff", b"\xd4\xff"
)
_said = st.fixed_dictionaries(
    {"type": st.text() | st.sampled_from(["reply", "connect", "send"])},
    optional={"args": st.lists(_json_values, max_size=3) | _json_values, "ref": _json_values},
)
_commands = as_json(command_bodies) | as_json(_said)
_packed = compact_bodies.map(msgspec.msgpack.encode) | _said.map(
    lambda said: msgspec.msgpack.encode(said) if _fits(said) else b"\x80"
)


def _fits(value: Any) -> bool:
    """MessagePack has no integers beyond 64 bits, and Hypothesis has."""
    try:
        msgspec.msgpack.encode(value)
    except (OverflowError, UnicodeEncodeError):
        return False
    return True


_texts = st.builds(
    lambda kind, namespace, number, args: b"%b%b,%b%b" % (kind, namespace.encode(), number, args),
    st.sampled_from([b"0", b"1", b"2", b"3", b"4", b"51-", b"52-", b"61-", b"564-", b"59999999999999-"]),
    namespaces,
    st.sampled_from([b"", b"0", b"17", b"9" * 15, b"9" * 400]),
    event_args | as_json(st.lists(_json_values, max_size=3)) | _deep,
)
_packets = socketio_packets | damaged(_texts) | _texts
_placeholders = st.lists(
    st.builds(lambda number: {"_placeholder": True, "num": number}, st.integers(-1, 5) | st.booleans() | st.none())
    | binary_values.filter(lambda value: not isinstance(value, bytes) and _fits_json(value)),
    max_size=6,
).map(lambda values: json.dumps(["x", *values]).encode())


def _fits_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True


_heads = request_heads | damaged(st.just(HEAD.encode())) | repeated(b"A: b\r\n", b",", b"x=1&", b":", b"\r\n")
_deflated = st.builds(
    lambda payload, kept, final, mask: masked_frame(TEXT | RSV1, deflate.compress(payload)[:kept], mask, final=final),
    st.binary(max_size=600) | st.sampled_from([b"\x00" * 30_000, b"ab" * 10_000, b"\xff" * 5000]),
    st.integers(0, 2000),
    st.booleans(),
    masks,
)


# what is done with them


def take_request(head: bytes) -> None:
    """The head of the first request, as far as an upgrade that is accepted."""
    try:
        request = upgrade.parse_request(head)
        upgrade.wants_upgrade(request)
        deflate.negotiate(request)
        path, _, query = request.target.partition("?")
        unquote(path)
        engineio.parse_query(query)
        response, _ = upgrade.accept(request, ("hubbub.v1.json",))
    except upgrade.Refusal as refusal:
        response = refusal.response
    assert response.startswith(b"HTTP/1.1 ")
    assert response.count(b"\r\n\r\n") == 1


def take_requests(case: tuple[bytes, list[int]]) -> None:
    """Requests of one connection, in pieces."""
    requests = RequestSplitter(RequestLimits(line_bytes=512, header_bytes=1024, header_count=20))
    with contextlib.suppress(upgrade.Refusal):
        for piece in cut(*case):
            requests.feed(piece)
            taken: bytes | None = b""
            while taken is not None:
                taken = requests.take_body() or None if requests.in_body else requests.take_head()
            assert requests.pending <= 2048


def take_offer(value: str) -> None:
    """Single headers: extensions, subprotocols, and what a proxy adds."""
    headers = {"sec-websocket-extensions": value, "x-forwarded-for": value, "x-forwarded-proto": value}
    deflate.negotiate(upgrade.Request("GET", "/", "HTTP/1.1", headers))
    upgrade.tokens(value)
    assert len(PROXIES.client("127.0.0.1", headers, secure=False).peer) < 64


def take_frames(case: tuple[bytes, list[int], bool]) -> None:
    """Frames in pieces, with and without permessage-deflate."""
    data, cuts, deflated = case
    decoder = Decoder(LIMIT, deflate=deflated)
    for piece in cut(data, cuts):
        for opcode, payload in decoder.feed(piece):
            assert len(payload) <= (LIMIT if opcode in {TEXT, BINARY} else 125)


def take_compressed(payload: bytes) -> None:
    with contextlib.suppress(deflate.TooBigError, deflate.CorruptError):
        assert len(deflate.decompress(payload, LIMIT)) <= LIMIT


def take_payload(body: bytes) -> None:
    """A long-polling body, a WebSocket message of Engine.IO, and a probe."""
    with contextlib.suppress(PacketError):
        list(engineio.decode_payload(body))
    with contextlib.suppress(PacketError):
        engineio.decode(body)
    probe = engineio.UpgradeProbe()
    with contextlib.suppress(PacketError):
        probe.receive(engineio.PROBE)
        probe.receive(body)


def take_query(query: str) -> None:
    parameters = engineio.parse_query(query)
    for transport in (None, "polling", "websocket"):
        for websocket in (True, False):
            engineio.verify("GET", parameters, websocket=websocket, transport=transport)


def take_packet(payload: bytes) -> None:
    """A Socket.IO packet, and what each codec makes of it."""
    with contextlib.suppress(PacketError):
        packet = socketio.decode(payload)
        socketio.connect_auth(packet)
    with contextlib.suppress(PacketError):
        packet = socketio.decode(payload)
        for codec in CODECS:
            for meaning in (codec.event, codec.ack):
                try:
                    meaning(packet)
                except CommandError as rejected:
                    ref = rejected.ref
                    encode_refusal(ref if isinstance(ref, int) else None, rejected.error)


def take_attachments(case: tuple[bytes, int, list[bytes]]) -> None:
    """A packet with attachments: as many as announced, fewer, more, or none."""
    args, announced, parts = case
    assembler = Assembler(attachments_max=4, bytes_max=LIMIT)
    with contextlib.suppress(PacketError):
        for kind in (5, 6):
            assembler.begin(socketio.decode(b"%d%d-7%b" % (kind, announced, args)))
            for part in parts:
                whole = assembler.attach(part)
                if whole is not None:
                    for codec in CODECS:
                        with contextlib.suppress(CommandError):
                            codec.assembled(whole)


def take_native(payload: bytes) -> None:
    """A frame of either native wire, by the chat's vocabulary and by names of events; what is refused is answered."""
    for codec in CODECS:
        for wire in codec.natives:
            try:
                wire.decode(payload)
            except (CommandError, HubbubError) as rejected:
                error, ref = (rejected.error, rejected.ref) if isinstance(rejected, CommandError) else (rejected, None)
                assert len(wire.encode_error(ref, error)) < 1000


def take_rejected(payload: bytes) -> None:
    """The second look at what was no command."""
    for failure in (msgspec.DecodeError("x"), msgspec.ValidationError(payload.decode("latin-1")), RecursionError()):
        found = rejection.rejection(payload, failure, {"send": msgspec.Struct})
        assert len(rejection.error_json(found.error)) < 1000 + len(payload) * 6


def take_position(case: tuple[str, str]) -> None:
    """Where an event stream and a recovered socket want to go on."""
    resuming.commands(*case)
    recovery = Recovery(RecoverySettings(), lambda: 0.0, 10.0)
    for pid in (*case, None):
        assert recovery.restore(pid, case[1], "/") is None


def take_body(body: bytes) -> None:
    """A request's JSON, before anybody has signed in."""
    for operation in OPERATIONS:
        with contextlib.suppress(HubbubError):
            decode_body(body, operation.input)


TARGETS: Final = (
    Target("upgrade", _heads, take_request),
    Target("requests", st.tuples(http_requests | _heads, st.lists(st.integers(0, 2000), max_size=6)), take_requests),
    Target("headers", st.text() | _heads.map(lambda head: head.decode("latin-1")), take_offer),
    Target(
        "websocket",
        st.tuples(
            frame_streams
            | damaged(frame_streams)
            | st.lists(_deflated | frame_streams, max_size=4).map(b"".join)
            | repeated(masked_frame(PING, b"p", b"mask"), masked_frame(TEXT, b"", b"mask", final=False), b"\x81\xff"),
            st.lists(st.integers(0, 1000), max_size=12),
            st.booleans(),
        ),
        take_frames,
    ),
    Target(
        "deflate",
        st.binary(max_size=LIMIT)
        | damaged(st.binary().map(deflate.compress))
        | st.just(zlib.compress(b"0" * 10**7)[2:]),
        take_compressed,
    ),
    Target(
        "engineio", polling_bodies | damaged(polling_bodies) | repeated(b"\x1e", b"4a\x1e", b"bAA", b"2"), take_payload
    ),
    Target("query", st.text() | repeated(b"&", b"a=b&", b"%ff", b"EIO=4&").map(bytes.decode), take_query),
    Target("socketio", _packets, take_packet),
    Target(
        "attachments",
        st.tuples(
            _placeholders | event_args | _deep | damaged(_placeholders),
            st.integers(0, 6),
            st.lists(st.binary(max_size=200) | st.just(bytes(LIMIT)), max_size=6),
        ),
        take_attachments,
    ),
    Target("events", vocabulary_events.map(lambda args: b"27" + args) | damaged(_texts), take_packet),
    Target("json", st.binary() | _commands | damaged(_commands) | _deep, take_native),
    Target("msgpack", st.binary() | _packed | damaged(_packed) | _packed_deep, take_native),
    Target("rejection", st.binary() | _commands | damaged(_commands) | _deep, take_rejected),
    Target("resuming", st.tuples(st.text(), st.text() | st.from_regex(r"([a-z]+:\d+,?)+")), take_position),
    Target("rest", st.binary() | as_json(_json_values) | damaged(_commands) | _deep, take_body),
)
