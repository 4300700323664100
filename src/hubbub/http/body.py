"""From the bytes of a request to a Struct."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request

from hubbub.errors import BadField, BadJson, HubbubError
from hubbub.wire.rejection import UNDECODABLE, explain
from hubbub.wire.surrogates import decode_json

from .errors import BodyTooLarge, WrongContentType

Input = TypeVar("Input", bound=Struct)

_UNKNOWN: Final = re.compile(r"Object contains unknown field `([^`]{1,64})`")


async def read_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body.

    Raises:
        BodyTooLarge: as soon as it is known; the rest is not read.
        ClientDisconnect: the client hung up in the middle.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit_bytes:
        raise BodyTooLarge
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit_bytes:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)


def check_content_type(request: Request) -> None:
    """Raises WrongContentType for anything but JSON. A form of another site can't send JSON without being asked."""
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower()
    if kind.strip().lower() != "application/json" or charset not in {"", "charset=utf-8", 'charset="utf-8"'}:
        raise WrongContentType


def decode_body(body: bytes, wanted: type[Input]) -> Input:
    """Raises BadJson, or BadField naming the field. An absent body is an empty object."""
    try:
        return decode_json(msgspec.json.Decoder(wanted).decode, body or b"{}")
    except msgspec.ValidationError as error:
        raise _complaint(error) from error
    except UNDECODABLE as error:
        raise BadJson from error


def decode_query(request: Request, wanted: type[Input]) -> Input:
    """The query's parameters. Raises BadField for an unknown, repeated or wrong one."""
    given: dict[str, str] = {}
    for key, value in request.query_params.multi_items():
        if key in given:
            raise BadField("A parameter is given twice.")
        given[key] = value
    try:
        found = msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise _complaint(error) from error
    _check_numbers(given, found)
    return found


def decode_path(given: Mapping[str, str], wanted: type[Input]) -> Input:
    """The parameters that stand in the path. Raises BadField for a wrong one."""
    try:
        found = msgspec.convert(given, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise _complaint(error) from error
    _check_numbers(given, found)
    return found


def _check_numbers(given: Mapping[str, str], found: Struct) -> None:
    """There is no null outside JSON, and a whole number is written in one way: 5, not 5.0 or 5e0."""
    for key, text in given.items():
        value = getattr(found, key)
        if value is None or (isinstance(value, int) and str(value) != text):
            raise BadField(f"The field '{key}' is no whole number.")


def _complaint(error: msgspec.ValidationError) -> HubbubError:
    text = str(error)
    if unknown := _UNKNOWN.match(text):
        return BadField(f"There is no field {unknown[1]!a}.")
    if "got `" in text and "$" not in text:
        return BadField("The body must be an object.")
    return explain(error)
