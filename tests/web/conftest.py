"""A browser, a server that can go down and come back, and people.

All tests of this folder share one browser, so they run on one event loop: `pytestmark = ONE_LOOP` in each file.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from hubbub.app import Application, running
from hubbub.config import Config
from hubbub.http.pages import APP

from .person import Person

CHROMIUM = os.environ.get("HUBBUB_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
    "--disable-component-update",
]

ONE_LOOP = pytest.mark.asyncio(loop_scope="session")

# A busy machine is no failure.
expect.set_options(timeout=20_000)

NewPerson = Callable[..., Awaitable[Person]]


class House:
    """A server that a test stops and starts again at the same address with the same data."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._running = AsyncExitStack()
        self.app: Application | None = None
        self.url = ""

    async def start(self) -> None:
        self.app = await self._running.enter_async_context(running(self._config))
        self.url = self.app.url
        self._config = msgspec.structs.replace(self._config, port=urlsplit(self.url).port)

    async def stop(self) -> None:
        await self._running.aclose()


@pytest_asyncio.fixture(loop_scope="session")
async def house(config: Config) -> AsyncIterator[House]:
    assert (APP / "index.html").is_file(), "the browser app has not been built: see scripts/test"
    house = House(config)
    await house.start()
    yield house
    await house.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """The browser of this test process. Starting it takes as long as a short test."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        with suppress(TimeoutError):  # it may stand still while it ends; then it is killed together with its driver
            async with asyncio.timeout(20):
                await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def person(browser: Browser, house: House) -> AsyncIterator[NewPerson]:
    """Makes a person with a profile of their own in the browser. The test fails if a page reports an error."""
    problems: list[str] = []
    contexts: list[BrowserContext] = []

    async def make(*, phone: bool = False, dark: bool = False, **device: Any) -> Person:
        """`device`: anything else that a browser context can be told, such as its `locale` or `has_touch`."""
        settings: dict[str, Any] = {
            "viewport": {"width": 360, "height": 740} if phone else {"width": 1280, "height": 800},
            "color_scheme": "dark" if dark else "light",
            "reduced_motion": "reduce",
            "locale": "en-GB",
        }
        context = await browser.new_context(**(settings | device))
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: problems.append(message.text) if "Content Security Policy" in message.text else None,
        )
        return Person(page, house.url)

    yield make
    for context in contexts:
        await context.close()
    assert problems == []
