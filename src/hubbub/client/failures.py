"""What a call of the client can raise, all of it `HubbubError`: what the server answered, or that it did not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hubbub.errors import CloseCode, ErrorBody, HubbubError


class ConnectionLost(HubbubError):
    """There is no connection, or it ended before the answer. Whether the server acted is unknown."""

    code = "connection_lost"
    message = "The connection to the server was lost."
    retryable = True


class NoAnswer(HubbubError):
    """The server did not answer in time. Whether it acted is unknown."""

    code = "no_answer"
    message = "The server did not answer in time."
    retryable = True


class Closed(HubbubError):
    """The client was closed, or the server closed it for good; it does not come back by itself."""

    code = "closed"
    message = "The client is closed."


class Rejected(HubbubError):
    """The server refused the connection and would refuse it again."""

    code = "rejected"
    message = "The server refused the connection."


class BadAnswer(HubbubError):
    """The answer is not what this version of the client understands."""

    code = "bad_answer"
    message = "The server's answer is of another version of the protocol."


_STAY_AWAY: Final = frozenset(
    {
        CloseCode.PROTOCOL_ERROR,
        CloseCode.UNSUPPORTED_DATA,
        CloseCode.INVALID_TEXT,
        CloseCode.POLICY,
        CloseCode.TOO_BIG,
    }
)


def come_back(close_code: int) -> bool:
    """Whether a client reconnects by itself after this close code (docs/protocol.md)."""
    return close_code not in _STAY_AWAY and not CloseCode.AUTH_TIMEOUT <= close_code <= 4999


def _subclasses(base: type[HubbubError]) -> Iterator[type[HubbubError]]:
    for found in base.__subclasses__():
        yield found
        yield from _subclasses(found)


def remote_error(body: ErrorBody) -> HubbubError:
    """The error that the server sent, as the class that has its code; a plain `HubbubError` for a newer code."""
    kind = next((found for found in _subclasses(HubbubError) if found.code == body.code), HubbubError)
    error = kind(body.message, retry_after_seconds=body.retry_after_seconds)
    error.code = body.code
    error.retryable = body.retryable
    return error
