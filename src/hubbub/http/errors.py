"""The one table from error codes to HTTP statuses, and errors that only HTTP knows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from msgspec import Struct
from starlette.responses import Response

from hubbub.errors import ErrorBody, HubbubError


class MethodNotAllowed(HubbubError):
    code = "method_not_allowed"
    message = "This address does not know this method."


class BodyTooLarge(HubbubError):
    code = "body_too_large"
    message = "The body is too large."


class WrongContentType(HubbubError):
    code = "wrong_content_type"
    message = "Send JSON with the header 'Content-Type: application/json'."


STATUS: Final[Mapping[str, HTTPStatus]] = {
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
    "bad_json": HTTPStatus.BAD_REQUEST,
    "unknown_command": HTTPStatus.BAD_REQUEST,
    "bad_field": HTTPStatus.BAD_REQUEST,
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "wrong_credentials": HTTPStatus.UNAUTHORIZED,
    "too_many_attempts": HTTPStatus.TOO_MANY_REQUESTS,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "signup_closed": HTTPStatus.FORBIDDEN,
    "name_taken": HTTPStatus.CONFLICT,
    "bad_name": HTTPStatus.BAD_REQUEST,
    "weak_password": HTTPStatus.BAD_REQUEST,
    "forbidden": HTTPStatus.FORBIDDEN,
    "unknown_room": HTTPStatus.NOT_FOUND,
    "room_forbidden": HTTPStatus.FORBIDDEN,
    "room_exists": HTTPStatus.CONFLICT,
    "not_joined": HTTPStatus.CONFLICT,
    "text_empty": HTTPStatus.BAD_REQUEST,
    "text_too_long": HTTPStatus.BAD_REQUEST,
    "cursor_ahead": HTTPStatus.CONFLICT,
    "unknown_message": HTTPStatus.NOT_FOUND,
    "message_deleted": HTTPStatus.GONE,
    "not_yours": HTTPStatus.FORBIDDEN,
    "nonce_reused": HTTPStatus.CONFLICT,
    "head_moved": HTTPStatus.CONFLICT,
    "too_many_reactions": HTTPStatus.CONFLICT,
    "store_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "shutting_down": HTTPStatus.SERVICE_UNAVAILABLE,
    "unknown_user": HTTPStatus.NOT_FOUND,
    "not_found": HTTPStatus.NOT_FOUND,
    MethodNotAllowed.code: HTTPStatus.METHOD_NOT_ALLOWED,
    BodyTooLarge.code: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    WrongContentType.code: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}
"""Every code that a client can see. A test holds it against errors.py."""


class Failure(Struct, frozen=True):
    """The body of every answer that is no success."""

    error: ErrorBody


_encode = msgspec.json.Encoder().encode


def error_response(error: HubbubError, headers: Mapping[str, str] | None = None) -> Response:
    """The error as every client of the API gets it."""
    status = STATUS.get(error.code, HTTPStatus.INTERNAL_SERVER_ERROR)
    given = dict(headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        given["www-authenticate"] = "Bearer"  # RFC 9110 section 11.6.1: a 401 names a scheme
    elif status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        given["connection"] = "close"  # the rest of the body is not read
    elif status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        seconds = error.retry_after_seconds
        given["retry-after"] = "5" if seconds is None else str(max(1, math.ceil(seconds)))
    return Response(_encode(Failure(ErrorBody.of(error))), status, given, "application/json")
