"""Which ends of a connection are final, and which class an error of the server becomes."""

from __future__ import annotations

import pytest

from hubbub.client import ConnectionLost
from hubbub.client.failures import come_back, remote_error
from hubbub.errors import CloseCode, ErrorBody, HubbubError, RoomForbidden


@pytest.mark.parametrize("code", [1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, *range(4000, 4500, 50), 4499])
def test_comes_back(code: int) -> None:
    assert come_back(code)


@pytest.mark.parametrize("code", [1002, 1003, 1007, 1008, 1009, *range(4500, 5000, 50), 4999, CloseCode.SESSION_ENDED])
def test_stays_away(code: int) -> None:
    assert not come_back(code)


def test_an_error_is_of_the_class_of_its_code() -> None:
    error = remote_error(ErrorBody("room_forbidden", "No.", retryable=False))
    assert type(error) is RoomForbidden
    assert (error.message, error.retryable) == ("No.", False)


def test_a_code_of_the_future_is_kept() -> None:
    error = remote_error(ErrorBody("room_on_fire", "Wait.", retryable=True))
    assert type(error) is HubbubError
    assert (error.code, error.message, error.retryable) == ("room_on_fire", "Wait.", True)
    assert HubbubError.code == "internal"


def test_the_servers_own_words_are_not_taken_for_ours() -> None:
    assert ConnectionLost().retryable
