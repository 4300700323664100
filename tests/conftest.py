"""Fixtures that several folders of tests share."""

from __future__ import annotations

import asyncio
import functools
import os
import sys
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import uvloop
from argon2 import PasswordHasher

from hubbub.app import Application, running
from hubbub.client import Api, Credentials
from hubbub.config import Config
from hubbub.identity import identity

pytest_plugins = ["tests.support.watchdog"]

PASSWORD = "correct horse"

# An example that takes long on a busy machine is no failure.
hypothesis.settings.register_profile("hubbub", deadline=None)
hypothesis.settings.load_profile("hubbub")


class Loop(uvloop.Loop):
    """A loop whose test may run out of time, and may leave connections open: both fail it, and it ends.

    - pytest-timeout raises in a signal handler, and uvloop only reports what those raise: the test would hang for ever.
    - When it closes, uvloop warns of what is still open and then closes it. A warning that is an error comes between
      the two: the handle stays open, and the loop waits for its end for ever, without looking at signals.
    """

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if isinstance(context.get("exception"), pytest.fail.Exception):
            self.stop()
        super().call_exception_handler(context)

    def close(self) -> None:
        with warnings.catch_warnings(record=True) as left_open:
            warnings.simplefilter("always", ResourceWarning)
            super().close()
        for warning in left_open:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One more than cores, for tests wait for half of their time; more than eight would need much memory."""
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return min(8, cores + 1)


def pytest_asyncio_loop_factories(
    config: pytest.Config,
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every asynchronous test runs on the loop that the server runs on."""
    return {"uvloop": Loop}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Test processes must agree on the order of the tests, and the order of a set is different in each of them."""
    for marker in metafunc.definition.iter_markers("parametrize"):
        if len(marker.args) > 1 and isinstance(marker.args[1], set | frozenset):
            raise pytest.UsageError(f"{metafunc.definition.nodeid}: sort the values, they are a set")


def pytest_make_parametrize_id(config: pytest.Config, val: object) -> str | None:
    """Binary data has no name in a test's id: frames have random masks, and all xdist workers must agree on the ids."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and not val.isascii() else None


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Hundreds of servers in the test process each hash some passwords: at 28 ms each, an eighth of all their CPU.

    Those in processes of their own have the real profile, and so has tests/identity where it is about that.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "standard_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_tls_context() -> Iterator[None]:
    """Httpx reads all certificates of the world for each client, which takes longer than most requests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", functools.cache(httpx.create_ssl_context))
        yield


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A server on a port of its own with a database of its own, that does not wait for clients when it stops."""
    return Config(port=0, data=str(tmp_path / "data"), shutdown_grace_seconds=0.0)


@pytest.fixture
async def server(config: Config) -> AsyncIterator[Application]:
    """A whole running server, as `hubbub serve` starts it. `server.url` is where it is."""
    async with running(config) as application:
        yield application


@pytest.fixture
def sign_up(server: Application) -> Callable[[str], Awaitable[Credentials]]:
    """Makes an account of this name and signs it in; the first one is the administrator."""

    async def make(name: str) -> Credentials:
        return await Api(server.url).sign_up(name, PASSWORD, device="test")

    return make
