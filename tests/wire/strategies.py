"""What clients may send, sound or not: for the tests of the parsers and for the longer runs of scripts/fuzz."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from hubbub.wire.socketio import MAIN
from hubbub.wire.websocket import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, masked_frame

# the opening handshake

KEY = "dGhlIHNhbXBsZSBub25jZQ=="

HEAD = f"""GET /chat?room=a HTTP/1.1
Host: server.example.com
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: {KEY}
Origin: http://example.com
Sec-WebSocket-Version: 13""".replace("\n", "\r\n")

request_heads = st.binary() | st.binary().map(lambda data: HEAD.encode() + b"\r\n" + data)

# frames

MASK = b"\x12\x34\x56\x78"

_sizes = st.sampled_from([0, 1, 2, 5, 124, 125, 126, 127, 300])
_payloads = (
    st.binary(max_size=8)
    | st.text(max_size=8).map(str.encode)
    | st.tuples(_sizes, st.sampled_from([b"a", b"\xc3\xa9", b"\xff"])).map(lambda pair: (pair[1] * pair[0])[: pair[0]])
    | st.sampled_from([1000, 1006, 4000]).map(lambda code: code.to_bytes(2, "big"))
)
_opcodes = st.sampled_from([TEXT, BINARY, CONTINUATION, PING, PONG, CLOSE]) | st.integers(0, 15)
masks = st.just(MASK) | st.binary(min_size=4, max_size=4)
_frames = st.builds(
    lambda opcode, payload, final, mask: masked_frame(opcode, payload, mask, final=final),
    _opcodes,
    _payloads,
    st.booleans(),
    masks,
)
frame_streams = st.lists(_frames | st.binary(max_size=6), max_size=8).map(b"".join)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """`data` in pieces, as a network may deliver it."""
    places = sorted({min(place, len(data)) for place in cuts})
    return [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]


# Engine.IO

polling_bodies = st.binary() | st.binary().map(lambda data: b"4" + data) | st.binary().map(lambda data: b"b" + data)

# Socket.IO

namespaces = st.just(MAIN) | st.from_regex(r"/[a-z0-9_-]{1,20}", fullmatch=True)
event_args = st.lists(st.none() | st.integers() | st.text(), min_size=1).map(lambda args: json.dumps(args).encode())
socketio_packets = st.binary() | st.from_regex(rb"[0-7][0-9,/a\[\{\"-]{0,20}")

binary_values = st.recursive(
    st.none() | st.booleans() | st.text() | st.binary() | st.integers(-(2**53), 2**53),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)

_bodies = st.dictionaries(
    st.sampled_from(["type", "ref", "room", "text", "count", "x"]),
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=9)
    | st.lists(st.integers()),
)
vocabulary_events = st.tuples(st.sampled_from(["ask", "idle", "nope"]), _bodies).map(
    lambda event: json.dumps(event, separators=(",", ":")).encode("utf-8", "surrogatepass")
)

# the native wires

_keys = st.sampled_from(["type", "ref", "room", "text", "nonce", "since", "limit", "typing", "seq"])
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["send", "join", "read"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
command_bodies = st.dictionaries(_keys, _values)

compact_bodies = st.dictionaries(
    st.integers(-5, 50), st.recursive(st.none() | st.integers(-(2**63), 2**63) | st.text(), st.lists)
)

# HTTP requests

_lines = st.sampled_from(
    [
        b"GET / HTTP/1.1",
        b"POST /a?b=c HTTP/1.1",
        b"GET / HTTP/1.0",
        b"GET http://x/ HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"CONNECT x:1 HTTP/1.1",
        b"GET /" + b"a" * 70 + b" HTTP/1.1",
    ]
)
_fields = st.sampled_from(
    [
        b"Host: x",
        b"host:x",
        b"Content-Length: 3",
        b"content-length: 0",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: Chunked ",
        b"Transfer-Encoding : chunked",
        b"Connection: Upgrade",
        b"Connection: close",
        b"Upgrade: websocket",
        b"Upgrade: h2c",
        b" folded",
        b"A: b",
        b"A: " + b"b" * 150,
    ]
)
_http_heads = st.tuples(_lines, st.lists(_fields, max_size=4)).map(
    lambda head: b"\r\n".join([head[0], b"Host: x", *head[1]]) + b"\r\n\r\n"
)
_chunks = st.sampled_from(
    [
        b"3\r\nabc\r\n",
        b"3;a=b\r\nabc\r\n",
        b"0\r\n\r\n",
        b"0\r\nHost: y\r\n\r\n",
        b"abc",
        b"\r\n",
        b"f\r\nGET / HTTP/1.1\r\n\r\n",
    ]
)
http_requests = st.lists(_http_heads | _chunks | st.binary(max_size=4), max_size=8).map(b"".join)
