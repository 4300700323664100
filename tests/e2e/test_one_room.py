"""One room, every wire: whoever sends, everybody gets everything, in the same order, with the same numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import async_playwright, expect

from hubbub.app import Application
from hubbub.client import Credentials
from tests.web.conftest import ARGUMENTS, CHROMIUM
from tests.web.person import Person

from .talkers import BrowserTalker, PythonSocketIoTalker, RawTalker, Talker, TerminalTalker, socket_io_js

EACH = 100


@pytest.mark.timeout(600)  # seven clients, one of them a browser that shows all that the others say
async def test_every_kind_of_client_in_one_room(
    server: Application, sign_up: Callable[[str], Awaitable[Credentials]]
) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = await browser.new_page()
        in_browser = BrowserTalker("browser", page)
        person = Person(page, server.url)
        await person.set_up("browser")
        await person.create_room("Everyone")
        names = ("raw", "python", "polling", "websocket", "upgrading", "terminal")
        tokens = {name: (await sign_up(name)).token for name in names}

        def where(name: str) -> tuple[str, str, str, str]:
            return name, server.url, tokens[name], "everyone"

        talkers: list[Talker] = [
            in_browser,
            await RawTalker.join(*where("raw")),
            await PythonSocketIoTalker.join(*where("python")),
            polling := await socket_io_js(*where("polling"), "polling"),
            websocket := await socket_io_js(*where("websocket"), "websocket"),
            upgrading := await socket_io_js(*where("upgrading"), "polling", "websocket"),
            await TerminalTalker.join(*where("terminal")),
        ]
        try:
            await expect(page.get_by_role("button", name="Members, 7 people here now")).to_be_visible()
            said = {talker.name: [f"{talker.name} {n}" for n in range(EACH)] for talker in talkers}
            await asyncio.gather(*(talker.say(said[talker.name]) for talker in talkers))
            for talker in talkers:
                await talker.until(EACH * len(talkers))
            reference = talkers[1].heard
            for talker in talkers:
                assert talker.heard == reference, talker.name
            for name, texts in said.items():
                assert [text for _, sender, text in reference if sender == name] == texts
            seqs = [seq for seq, _, _ in reference]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
            assert polling.transports == {"polling"}
            assert websocket.transports == {"websocket"}
            assert "websocket" in upgrading.transports
            await expect(person.messages.last).to_have_text(reference[-1][2])
        finally:
            for talker in talkers:
                await talker.close()
            await browser.close()
