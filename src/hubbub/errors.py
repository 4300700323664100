"""What can go wrong, in words that a user may read.

`HubbubError` answers one command and leaves the connection open; `Disconnect` ends a connection. Their codes are
part of the protocol (docs/protocol.md): clients branch on the code and show the message. A message never holds a
secret, a path or a setting.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Self

from msgspec import Struct


class HubbubError(Exception):
    """Base of every error that a client sees as the answer to its command.

    Attributes:
        code: stable, lower_snake_case, never renamed.
        message: one English sentence for people.
        retryable: True when the same command may succeed later without any change.
        retry_after_seconds: before that time it will not; None: not known.
    """

    code = "internal"
    message = "Something went wrong on the server."
    retryable = False
    retry_after_seconds: float | None = None

    def __init__(self, message: str | None = None, *, retry_after_seconds: float | None = None) -> None:
        self.message = message if message is not None else type(self).message
        if retry_after_seconds is not None:
            self.retry_after_seconds = round(retry_after_seconds, 1)
        super().__init__(self.message)


class ErrorBody(Struct, frozen=True, gc=False, omit_defaults=True):
    """An error as every wire carries it: what stands under `error`."""

    code: str
    message: str
    retryable: bool
    retry_after_seconds: float | None = None

    @classmethod
    def of(cls, error: HubbubError) -> Self:
        return cls(error.code, error.message, error.retryable, error.retry_after_seconds)


class Internal(HubbubError):
    """A bug or an exhausted machine. The log has the details; the client gets none of them."""

    retryable = True


class BadJson(HubbubError):
    code = "bad_json"
    message = "This is not a JSON object."


class UnknownCommand(HubbubError):
    code = "unknown_command"
    message = "There is no such command."


class BadField(HubbubError):
    """A field is missing, of the wrong type or out of its range; the message names it."""

    code = "bad_field"
    message = "A field is missing or of the wrong type."


NOT_UNICODE: Final = "A text holds a lone surrogate: it is not Unicode."
"""The message of a BadField."""


class Unauthenticated(HubbubError):
    code = "unauthenticated"
    message = "Sign in first."


class WrongCredentials(HubbubError):
    code = "wrong_credentials"
    message = "The name or the password is wrong."


class TooManyAttempts(HubbubError):
    code = "too_many_attempts"
    message = "Too many attempts. Wait a moment."
    retryable = True


class RateLimited(HubbubError):
    """More commands of this kind, or more waiting, than one connection, user or address may have."""

    code = "rate_limited"
    message = "Too much at once. Wait a moment."
    retryable = True


class SignupClosed(HubbubError):
    code = "signup_closed"
    message = "This server does not accept new accounts. Ask its administrator."


class NameTaken(HubbubError):
    code = "name_taken"
    message = "This name is taken."


class BadName(HubbubError):
    code = "bad_name"
    message = "A name has 1 to 32 characters: lower-case letters, digits, '.', '_' and '-', a letter or digit first."


class WeakPassword(HubbubError):
    code = "weak_password"
    message = "A password has 8 to 256 characters."


class Forbidden(HubbubError):
    code = "forbidden"
    message = "You may not do this."


class UnknownRoom(HubbubError):
    code = "unknown_room"
    message = "There is no such room."


class RoomForbidden(HubbubError):
    code = "room_forbidden"
    message = "You are not a member of this room."


class RoomExists(HubbubError):
    code = "room_exists"
    message = "A room of this name exists."


class NotJoined(HubbubError):
    """The command needs a live subscription: `join` the room on this connection first."""

    code = "not_joined"
    message = "Join the room on this connection first."


class TextEmpty(HubbubError):
    code = "text_empty"
    message = "A message needs some text."


class TextTooLong(HubbubError):
    code = "text_too_long"
    message = "The text is too long."


class CursorAhead(HubbubError):
    """`since` or a read mark names a `seq` that the log has not reached: the client's state is of another log."""

    code = "cursor_ahead"
    message = "The room has no such entry yet. Forget your cursor and read the history again."


class UnknownMessage(HubbubError):
    code = "unknown_message"
    message = "There is no such message."


class MessageGone(HubbubError):
    code = "message_deleted"
    message = "This message was deleted."


class NotYours(HubbubError):
    code = "not_yours"
    message = "This is not your message."


class NonceReused(HubbubError):
    """The nonce stands for an event of another kind, or about another message: the client made it twice."""

    code = "nonce_reused"
    message = "This nonce was used for something else."


class HeadMoved(HubbubError):
    """Something came between: the room's log has gone on since the `seq` that the command expects."""

    code = "head_moved"
    message = "Something else happened in this room just before. Look again."


class TooManyReactions(HubbubError):
    code = "too_many_reactions"
    message = "This message has as many different reactions as a message may have."


class StoreUnavailable(HubbubError):
    code = "store_unavailable"
    message = "The server can't store this right now. Try again."
    retryable = True


class ShuttingDown(HubbubError):
    code = "shutting_down"
    message = "The server is restarting. Try again."
    retryable = True


class DataInUse(HubbubError):
    """Another server holds this database. For the operator: it ends the start, no client ever sees it."""

    code = "data_in_use"
    message = "Another server is using this database."


class UnknownUser(HubbubError):
    code = "unknown_user"
    message = "There is no such user."


class NotFound(HubbubError):
    code = "not_found"
    message = "There is nothing here."


class CloseCode(IntEnum):
    """WebSocket close codes that we send. Below 4000: RFC 6455 section 7.4.1.

    4000-4499: come back with a delay that grows. 4500-4999: do not come back before the user did something.
    """

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_TEXT = 1007
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL = 1011
    SERVER_RESTART = 4000
    HEARTBEAT_LOST = 4001
    TOO_SLOW = 4002
    RATE_LIMITED = 4003
    AUTH_TIMEOUT = 4500
    SESSION_ENDED = 4501


_STAYS_AWAY = frozenset({1002, 1003, 1007, 1008, 1009})
"""It would do the same again."""


def comes_back(code: int) -> bool:
    """Whether a client whose connection the server ended with this close code should come back by itself."""
    return code < CloseCode.AUTH_TIMEOUT and code not in _STAYS_AWAY


_RETRY_SECONDS = 30.0


def retry_after_seconds(code: int) -> float | None:
    """How long a client whose connection ended with this code should stay away at least; None: as it likes."""
    return _RETRY_SECONDS if code == CloseCode.RATE_LIMITED else None


class Disconnect(Exception):
    """Ends a connection with a close code and a short reason (at most 123 bytes, RFC 6455 section 5.5)."""

    def __init__(self, code: CloseCode, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(f"{int(code)} {reason}")

    @property
    def reconnect(self) -> bool:
        """Whether the client should come back by itself."""
        return comes_back(self.code)
