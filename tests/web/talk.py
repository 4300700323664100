"""What is said in a room, and where a reader of it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from playwright.async_api import Page

from hubbub.client import Api, Client
from hubbub.vocabulary import RoomId

from .person import PASSWORD, Person

_BELOW = "view => view.scrollHeight - view.scrollTop - view.clientHeight"


async def say_all(name: str, url: str, texts: Iterable[str], room: str = "kitchen") -> None:
    """From another device of theirs, without waiting for one before the next."""
    token = (await Api(url).sign_in(name, PASSWORD, device="another")).token
    async with Client(url, token) as client:
        await client.join(RoomId(room))
        await asyncio.gather(*(client.send(RoomId(room), text) for text in texts))


async def kitchen(ada: Person, bob: Person, count: int) -> None:
    """A room of theirs in which Ada has said this many lines, all read by Bob, who has it open."""
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.page.goto("about:blank")
    await say_all("ada", ada.url, [f"line {number}" for number in range(1, count + 1)])
    await bob.sign_up("bob", path="/r/kitchen")
    await bob.page.get_by_role("button", name="Join #kitchen").click()
    await bob.page.get_by_text(f"line {count}", exact=True).wait_for()


async def both_in_kitchen(ada: Person, bob: Person) -> None:
    """A room of theirs that both have open. Ada is administrator."""
    await ada.set_up("ada", "Ada Okafor")
    await ada.create_room("Kitchen")
    await bob.sign_up("bob", "Bob Hale")
    await bob.join_by_directory("Kitchen")


async def pixels_below(page: Page) -> float:
    """How much of the conversation is below the lower edge of the view."""
    below = await page.locator(".timeline").evaluate(_BELOW)
    assert isinstance(below, int | float)
    return below


async def frames(page: Page, count: int = 3) -> None:
    """Let the page be laid out, tell its observers, and paint."""
    await page.evaluate(
        "async count => { for (let i = 0; i < count; i++) await new Promise(requestAnimationFrame) }", count
    )
