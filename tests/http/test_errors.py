"""One table from codes to statuses."""

from __future__ import annotations

import msgspec
import pytest

from hubbub.errors import HubbubError, Internal, StoreUnavailable, TooManyAttempts, Unauthenticated, UnknownRoom
from hubbub.http.errors import STATUS, BodyTooLarge, MethodNotAllowed, WrongContentType, error_response
from hubbub.vocabulary.describe.schema import error_types

OURS: list[type[HubbubError]] = [MethodNotAllowed, BodyTooLarge, WrongContentType]


def test_every_error_that_a_client_can_see_has_a_status_and_no_other_has() -> None:
    known: list[type[HubbubError]] = [*error_types(), *OURS, Internal]
    assert {error.code for error in known} == STATUS.keys()


def test_only_a_server_s_trouble_is_a_5xx() -> None:
    assert {code for code, status in STATUS.items() if status >= 500} == {
        "internal",
        "store_unavailable",
        "shutting_down",
    }


@pytest.mark.parametrize("error", [UnknownRoom(), StoreUnavailable(), UnknownRoom("No room here.")])
def test_the_body_is_the_error_as_on_every_wire(error: HubbubError) -> None:
    body = msgspec.json.decode(bytes(error_response(error).body))
    assert body == {"error": {"code": error.code, "message": error.message, "retryable": error.retryable}}


def test_headers_say_what_to_do_next() -> None:
    assert error_response(Unauthenticated()).headers["www-authenticate"] == "Bearer"
    assert error_response(TooManyAttempts()).headers["retry-after"] == "5"
    assert error_response(StoreUnavailable()).headers["retry-after"] == "5"
    assert error_response(BodyTooLarge()).headers["connection"] == "close"
    assert error_response(MethodNotAllowed(), {"Allow": "GET"}).headers["allow"] == "GET"
    assert "retry-after" not in error_response(UnknownRoom()).headers
