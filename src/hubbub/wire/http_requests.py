"""Where the requests of one HTTP/1.1 connection begin and end, and whether they keep within limits. Sans-I/O.

It stands in front of the HTTP parser, which has no limits of its own, and hands it one request after the other. What
two readers could take for two different things is refused here: then there is nothing to disagree about (RFC 9112).

    requests = RequestSplitter(RequestLimits())
    requests.feed(data)
    head = requests.take_head()             # None: not all of it has arrived
    while requests.in_body: requests.take_body()
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from msgspec import Struct

from .upgrade import Refusal

CHUNK_LINE_BYTES: Final = 256
"""The longest line with a chunk's size and extensions. Nobody uses extensions (RFC 9112 section 7.1.1)."""

_CHUNK_SHARE: Final = 8
"""Chunks may be framed by an eighth of the bytes that they carry, beyond `RequestLimits.header_bytes`."""

PARAMETERS: Final = 256
"""A query has at most so many, and one more. With the limit of the line its parsing costs at most 1.3 ms."""

_BLANK_LINES: Final = 4
"""Before a request line; section 2.2 asks for at least one to be ignored."""

_END: Final = b"\r\n\r\n"
_REQUEST_LINE: Final = re.compile(rb"[A-Z][A-Z-]{0,31} ([!-~]+) HTTP/1\.([01])")
_SINGLE: Final = frozenset(
    b"host content-length content-type transfer-encoding upgrade cookie authorization origin sec-fetch-site "
    b"sec-fetch-mode sec-fetch-dest sec-websocket-key sec-websocket-version".split()
)
"""Headers that there is one of: from two of them two readers might take one each. `upgrade` may be there twice, as a
list may."""

_NOTED: Final = re.compile(
    rb"\n((?:host|content-(?:length|type)|transfer-encoding|upgrade|cookie|authorization|origin|"
    rb"sec-(?:fetch-(?:site|mode|dest)|websocket-(?:key|version)))[ \t]*):([^\r]*)"
)
"""Finds them in a head in lower case, with what some readers take for a part of the name."""

_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(?:;[\t -~\x80-\xff]*)?")
_LENGTH: Final = re.compile(rb"[0-9]{1,15}")


class RequestLimits(Struct, frozen=True):
    """What a request's head and trailer may have.

    Attributes:
        line_bytes: the request line, and so path and query. Above: 414.
        header_bytes: all header lines together; the trailer may have as much again. Above: 431.
        header_count: their number. Above: 431.
    """

    line_bytes: int = 8192
    header_bytes: int = 16384
    header_count: int = 100


class RequestSplitter:
    """One connection's requests. `take_head` and `take_body` raise Refusal; nothing can be taken after it.

    The cost is linear in the bytes fed, however they are cut. What it keeps is bounded by the limits, and by what was
    fed last.

    Attributes:
        in_body: the head was taken, and its body is not over.
        websocket: the head that was taken may ask for a WebSocket: `parse_request` tells.
    """

    __slots__ = (
        "_at",
        "_blanks",
        "_body_bytes",
        "_chunked",
        "_data",
        "_framing_bytes",
        "_left",
        "_limits",
        "_scanned",
        "_trailer_lines",
        "in_body",
        "websocket",
    )

    def __init__(self, limits: RequestLimits) -> None:
        self._limits = limits
        self._data: bytes | bytearray = b""
        self._at = 0  # what stands before has been taken
        self._scanned = 0  # up to here there is no end of what is looked for
        self._blanks = 0
        self._chunked = False
        self._left = 0  # of the body, or of the chunk with the line end behind it
        self._body_bytes = 0
        self._framing_bytes = 0
        self._trailer_lines = -1  # -1: not there yet
        self.in_body = False
        self.websocket = False

    @property
    def pending(self) -> int:
        """How many bytes are kept."""
        return len(self._data) - self._at

    def feed(self, data: bytes) -> None:
        """Add what has arrived."""
        if not self.pending:
            self._data, self._at, self._scanned = data, 0, 0
            return
        kept = self._data if isinstance(self._data, bytearray) else bytearray(self._data)
        if self._at:
            del kept[: self._at]
            self._scanned -= self._at
            self._at = 0
        kept += data
        self._data = kept

    def drop(self) -> None:
        """Forget what is kept."""
        self._data, self._at, self._scanned = b"", 0, 0

    def take_rest(self) -> bytes:
        """Everything that has arrived behind what was taken."""
        rest = bytes(self._data[self._at :])
        self.drop()
        return rest

    def take_head(self) -> bytes | None:
        """The next request's head with the empty line that ends it; None while it is not whole.

        Raises:
            Refusal: 414, 431, or 400 for what is malformed or ambiguous.
        """
        self._skip_blank_lines()
        at = self._at
        end = self._data.find(_END, max(at, self._scanned - 3))
        self._check_size(at, end)
        if end < 0:
            self._scanned = len(self._data)
            return None
        head = bytes(self._data[at : end + 4])
        self._begin(head)
        self._move(end + 4)
        self._blanks = 0
        return head

    def take_body(self) -> bytes:
        """What has arrived of the body since, for the HTTP parser; the trailer is left out.

        Raises:
            Refusal: 400, or 431 for the trailer.
        """
        if self._chunked:
            return self._take_chunks()
        at = self._at
        end = min(len(self._data), at + self._left)
        self._left -= end - at
        self.in_body = self._left > 0
        return self._taken(at, end)

    # heads

    def _skip_blank_lines(self) -> None:
        while self._data[self._at : self._at + 2] == b"\r\n":
            self._at += 2
            self._blanks += 1
            if self._blanks > _BLANK_LINES:
                raise Refusal(HTTPStatus.BAD_REQUEST, "blank lines instead of a request")

    def _check_size(self, at: int, end: int) -> None:
        """`end`: where the head ends, or -1: what has arrived is too long already."""
        limits = self._limits
        stop = len(self._data) if end < 0 else end
        if stop - at <= limits.line_bytes and stop - at <= limits.header_bytes:
            return
        line = self._data.find(b"\r\n", at, at + limits.line_bytes + 2)
        slack = 1 if end < 0 else 0  # half of a line end may have arrived
        if line < 0:
            if stop - at > limits.line_bytes + slack:
                raise Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "the request line is too long")
        elif stop - line - 2 * slack > limits.header_bytes + slack:
            raise Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too long")

    def _begin(self, head: bytes) -> None:
        """Check what the limits and the framing of the body depend on (RFC 9112 sections 2.2, 3, 5 and 6)."""
        lines = head.count(b"\r\n")
        if lines - 2 > self._limits.header_count:
            raise Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "there are too many headers")
        if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
            raise _bad("a line ends in nothing but CR LF")
        line_end = head.index(b"\r\n")
        first = _REQUEST_LINE.fullmatch(head, 0, line_end)
        if first is None:
            raise _bad("bad request line")
        if head.count(b"&", 0, line_end) > PARAMETERS:
            raise Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "the query has too many parameters")
        lower = head.lower()
        found = _NOTED.findall(lower)
        given: dict[bytes, bytes] = dict(found)
        if len(given) != len(found):
            _check_repeated(found)
        if not given.keys() <= _SINGLE:
            raise _bad("a blank before a colon")
        _check_host(given.get(b"host"), first[1], old=first[2] == b"0")
        if head.startswith(b"CONNECT "):
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "this is no proxy")
        self.websocket = b"upgrade" in given and b"websocket" in lower
        self._frame(given.get(b"content-length"), given.get(b"transfer-encoding"), old=first[2] == b"0")

    def _frame(self, length: bytes | None, encoding: bytes | None, *, old: bool) -> None:
        self._chunked = encoding is not None
        self._left = 0
        if encoding is not None:
            if length is not None or old or encoding.strip(b" \t") != b"chunked":
                raise _bad("of the transfer codings there is only chunked, without a length")
            self._body_bytes = self._framing_bytes = 0
            self._trailer_lines = -1
            self.in_body = True
        elif length is not None:
            if not _LENGTH.fullmatch(length.strip(b" \t")):
                raise _bad("content-length is no number")
            self._left = int(length)
            self.in_body = self._left > 0

    # bodies

    def _take_chunks(self) -> bytes:
        """Section 7.1."""
        start = at = self._at
        size = len(self._data)
        while self._trailer_lines < 0:
            if self._left:
                step = min(self._left, size - at)
                self._left -= step
                at += step
                if self._left:
                    return self._taken(start, at)
            end = self._data.find(b"\r\n", at, at + CHUNK_LINE_BYTES + 2)
            if end < 0:
                if size - at > CHUNK_LINE_BYTES + 1:
                    raise _bad("the line of a chunk is too long")
                return self._taken(start, at)
            at = self._begin_chunk(at, end)
        # the trailer is dropped: nobody uses it, and it must not pass for headers
        taken = self._taken(start, at)
        return taken + b"\r\n" if self._skip_trailer() else taken

    def _begin_chunk(self, at: int, end: int) -> int:
        line = _CHUNK.fullmatch(self._data, at, end)
        if line is None:
            raise _bad("bad chunk")
        length = int(line[1], 16)
        if not length:
            self._trailer_lines = 0
            self._framing_bytes = 0
            return end + 2
        self._left = length + 2
        self._body_bytes += length
        self._framing_bytes += end + 4 - at
        if self._framing_bytes > self._limits.header_bytes + self._body_bytes // _CHUNK_SHARE:
            raise _bad("the chunks are too small")
        return end + 2

    def _skip_trailer(self) -> bool:
        """Whether all of it has arrived."""
        limits = self._limits
        while True:
            end = self._data.find(b"\r\n", max(self._at, self._scanned - 1))
            length = (len(self._data) if end < 0 else end) - self._at
            if self._framing_bytes + length > limits.header_bytes or self._trailer_lines > limits.header_count:
                raise Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the trailer is too long")
            if end < 0:
                self._scanned = len(self._data)
                return False
            self._move(end + 2)
            if not length:
                self.in_body = False
                return True
            self._framing_bytes += length + 2
            self._trailer_lines += 1

    def _taken(self, start: int, end: int) -> bytes:
        data = self._data
        whole = start == 0 and end == len(data) and isinstance(data, bytes)
        taken = data if whole else bytes(data[start:end])
        self._move(end)
        return taken  # type: ignore[return-value]  # bytes when it is whole

    def _move(self, at: int) -> None:
        if at == len(self._data):
            self.drop()
        else:
            self._at = at
            self._scanned = at


def _check_repeated(found: list[tuple[bytes, bytes]]) -> None:
    names = [name for name, _ in found if name != b"upgrade"]
    for name in set(names):
        if names.count(name) > 1:
            raise _bad(f"{name.decode()} is given twice")


def _check_host(host: bytes | None, target: bytes, *, old: bool) -> None:
    """Exactly one, of this form (section 3.2); HTTP/1.0 may have none. An absolute target names the same one."""
    if host is None:
        if old:
            return
        raise _bad("Host is missing")
    host = host.strip(b" \t")
    if not _HOST.fullmatch(host):
        raise _bad("Host is malformed")
    if not target.startswith(b"/") and target != b"*":
        scheme, _, rest = target.partition(b"://")
        authority = re.split(rb"[/?]", rest, maxsplit=1)[0]
        if scheme.lower() not in {b"http", b"https"} or authority.lower() != host:
            raise _bad("the target names another host")


def _bad(text: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, text)
