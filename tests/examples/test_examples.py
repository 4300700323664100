"""Each example as its reader runs it: a process of its own, two pages in a browser."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

EXAMPLES = Path(__file__).parents[2] / "examples"
CHROMIUM = os.environ.get("HUBBUB_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
    "--disable-component-update",
]


@asynccontextmanager
async def example(name: str) -> AsyncIterator[str]:
    """The address of a running example. Its process has to end well and without a word on stderr."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, EXAMPLES / f"{name}.py", "0", stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        url = (await process.stdout.readline()).decode().strip()
        assert url.startswith("http://"), (await process.stderr.read()).decode()
        yield url
        process.terminate()
        assert (await process.stderr.read()).decode() == ""
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


async def opened(browser: Browser, url: str) -> Page:
    """A page in a window of its own. An error in its script fails the test."""
    page = await (await browser.new_context()).new_page()
    page.set_default_timeout(20_000)
    expect.set_options(timeout=20_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(url)
    assert not errors
    return page


@pytest.mark.parametrize("second", ["/", "/?raw", "/chat_raw.html"])
async def test_chat(browser: Browser, second: str) -> None:
    async with example("chat") as url:
        one, two = await opened(browser, url), await opened(browser, url + second)
        for page in (one, two):
            await expect(page.locator("#state")).to_have_text("connected")
        await one.get_by_label("Message").fill("hello <b>you</b>")
        await one.get_by_role("button", name="Send").click()
        await expect(two.locator("#messages li")).to_have_text(["hello <b>you</b>"])
        await two.get_by_label("Message").fill("and you")
        await two.get_by_label("Message").press("Enter")
        for page in (one, two):
            await expect(page.locator("#messages li")).to_have_text(["hello <b>you</b>", "and you"])


async def test_drawing_board(browser: Browser) -> None:
    async with example("drawing_board") as url:
        one, two = await opened(browser, url), await opened(browser, url + "/?raw")
        for page in (one, two):
            await expect(page.locator("#state")).to_have_text("connected")
        box = await one.locator("canvas").bounding_box()
        assert box is not None
        await one.mouse.move(box["x"] + 20, box["y"] + 20)
        await one.mouse.down()
        await one.mouse.move(box["x"] + 200, box["y"] + 100, steps=5)
        await one.mouse.up()
        await expect(one.locator("#count")).to_have_attribute("data-strokes", "5")
        await expect(two.locator("#count")).to_have_attribute("data-strokes", "5")
        await expect(two.locator("#others")).to_have_attribute("data-pointers", "1")
        late = await opened(browser, url)
        await expect(late.locator("#count")).to_have_attribute("data-strokes", "5")
        await two.get_by_role("button", name="Wipe").click()
        for page in (one, two, late):
            await expect(page.locator("#count")).to_have_attribute("data-strokes", "0")
        await one.close()
        await expect(two.locator("#others")).to_have_attribute("data-pointers", "0")


async def test_live_dashboard(browser: Browser) -> None:
    async with example("live_dashboard") as url:
        one, two = await opened(browser, url), await opened(browser, url + "/?raw")
        await expect(one.locator("#watching")).to_have_text("watching machine")
        await expect(one.locator("dt")).to_have_text(["load", "cpu seconds"])
        await two.get_by_label("Figures of").select_option("server")
        await expect(two.locator("#watching")).to_have_text("watching server")
        await expect(two.locator("dt").first).to_have_text("up seconds")
        figure = two.locator("dd").first
        before = await figure.text_content()
        await expect(figure).not_to_have_text(before or "")
        await expect(two.locator("dd").nth(1)).to_have_text("2")
        await expect(one.locator("dt")).to_have_text(["load", "cpu seconds"])


async def test_game_lobby(browser: Browser) -> None:
    async with example("game_lobby") as url:
        one, two, watcher = [await opened(browser, url) for _ in range(3)]
        await one.get_by_role("button", name="New game").click()
        await expect(one.locator("#says")).to_have_text("You are X: waiting for a player.")
        await two.get_by_role("button", name="Play game-1").click()
        await expect(two.locator("#says")).to_have_text("You are O: X's turn.")
        await watcher.get_by_role("button", name="Watch game-1").click()
        await expect(watcher.locator("#says")).to_have_text("You watch: X's turn.")
        await two.get_by_label("Cell 1").click()
        await expect(two.locator("#error")).to_have_text("It is not your turn.")
        for turn, cell in enumerate((1, 4, 2, 5)):
            await (one, two)[turn % 2].get_by_label(f"Cell {cell}").click()
            await expect((two, one)[turn % 2].get_by_label(f"Cell {cell}")).to_have_text("XO"[turn % 2])
        await one.get_by_label("Cell 3").click()
        for page, who in ((one, "You are X"), (two, "You are O"), (watcher, "You watch")):
            await expect(page.locator("#says")).to_have_text(f"{who}: X wins.")
        await expect(watcher).to_have_title("X won")
        for page in (one, two):
            await page.get_by_role("button", name="Back to the lobby").click()
        await expect(one.get_by_role("button", name="Play game-1")).to_be_visible()
        await watcher.close()
        await expect(one.locator("#games li")).to_have_count(0)
