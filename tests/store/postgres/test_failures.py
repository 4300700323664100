"""Whatever the library raises when PostgreSQL goes away is told as one error that may be tried again."""

from __future__ import annotations

import asyncpg
import pytest

from hubbub.errors import StoreUnavailable
from hubbub.store.postgres.failures import described, spoils, translate


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.CannotConnectNowError("the database system is starting up"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        ConnectionResetError("connection reset by peer"),
        TimeoutError(),
    ],
)
def test_an_engine_that_fails_may_be_asked_again(error: Exception) -> None:
    assert isinstance(translate(error), StoreUnavailable)
    assert spoils(error)


def test_a_mistake_of_ours_is_not_hidden() -> None:
    mistake = TypeError("no such argument")

    assert translate(mistake) is mistake


def test_the_librarys_own_words_may_quote_values() -> None:
    assert described(asyncpg.InternalClientError("of 'secret'")) == "InternalClientError"
