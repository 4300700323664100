"""Read is what stood on the screen of somebody who was there."""

from __future__ import annotations

import asyncio

from playwright.async_api import Page, expect

from .conftest import ONE_LOOP, NewPerson
from .person import Person
from .talk import kitchen, say_all

pytestmark = ONE_LOOP


async def focused(page: Page, *, is_so: bool) -> None:
    """Wait until the page has the focus, or has lost it. (The page's policy forbids Playwright's own way of asking.)"""
    async with asyncio.timeout(20):
        while await page.evaluate("document.hasFocus()") is not is_so:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0.02)


async def away(ada: Person, bob: Person, count: int) -> None:
    """While Bob is in another room, Ada says this many lines."""
    await kitchen(ada, bob, 30)
    await bob.create_room("Balcony")
    await say_all("ada", ada.url, [f"news {number}" for number in range(1, count + 1)])
    await expect(bob.room("Kitchen").locator(".badge")).to_contain_text(str(min(count, 99)))


async def test_opening_a_room_reads_only_what_is_on_the_screen(person: NewPerson) -> None:
    ada, bob, elsewhere = await person(), await person(), await person()
    await away(ada, bob, 40)
    await elsewhere.open()
    await elsewhere.sign_in("bob")
    await expect(elsewhere.room("Kitchen").locator(".badge")).to_contain_text("40")
    await bob.go_to("Kitchen")
    divider = bob.page.locator(".row-divider")
    await expect(divider).to_be_in_viewport()
    shown = await bob.messages.evaluate_all(
        """texts => {
          const view = document.querySelector(".timeline").getBoundingClientRect();
          return texts.filter(
            (text) => text.textContent.startsWith("news") && text.getBoundingClientRect().bottom <= view.bottom
          ).length;
        }"""
    )
    assert 0 < shown < 40
    await expect(bob.room("Kitchen").locator(".badge")).to_contain_text(str(40 - shown))
    await expect(bob.page).to_have_title(f"({40 - shown}) Kitchen · Hubbub")
    latest = bob.page.get_by_role("button", name="Latest")
    await expect(latest).to_contain_text(str(40 - shown))
    await expect(elsewhere.room("Kitchen").locator(".badge")).to_contain_text(str(40 - shown))

    # The rest is read by going there; the line stays where it is, also for who says something.
    await bob.page.locator(".timeline").hover()
    await bob.page.mouse.wheel(0, 100)
    await expect(bob.room("Kitchen").locator(".badge")).not_to_contain_text(str(40 - shown))
    await latest.click()
    await expect(bob.room("Kitchen").locator(".badge")).to_have_count(0)
    await expect(divider).to_have_count(1)
    await expect(bob.page).to_have_title("Kitchen · Hubbub")
    await expect(elsewhere.room("Kitchen").locator(".badge")).to_have_count(0)
    await bob.say("I am back")
    await expect(divider).to_have_count(1)


async def test_more_unread_than_the_window_of_rows_begins_at_the_first(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await away(ada, bob, 450)
    await bob.go_to("Kitchen")
    await expect(bob.page.locator(".row-divider")).to_be_in_viewport()
    await expect(bob.page.get_by_text("news 1", exact=True)).to_be_in_viewport()
    await expect(bob.room("Kitchen").locator(".badge")).to_contain_text("99+")


async def test_a_window_without_the_focus_does_not_read(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await kitchen(ada, bob, 5)
    other = await bob.page.context.new_page()
    # The browser believes every page to be in front, unless it is told not to.
    for page in (bob.page, other):
        session = await bob.page.context.new_cdp_session(page)
        await session.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    await other.bring_to_front()
    await focused(bob.page, is_so=False)
    await ada.open("/r/kitchen")
    await ada.say("Are you there?")
    await expect(bob.messages.last).to_have_text("Are you there?")
    await expect(bob.room("Kitchen").locator(".badge")).to_contain_text("1")
    await expect(bob.page.locator(".row-divider")).to_have_count(1)
    await bob.page.bring_to_front()
    await focused(bob.page, is_so=True)
    await expect(bob.room("Kitchen").locator(".badge")).to_have_count(0)
    await expect(bob.page.locator(".row-divider")).to_have_count(1)


async def test_what_is_behind_a_dialog_is_not_read_until_it_is_closed(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await kitchen(ada, bob, 5)
    await bob.page.get_by_role("button", name="Browse all rooms").click()
    await expect(bob.page.get_by_role("dialog")).to_be_visible()
    await say_all("ada", ada.url, ["Hello?"])
    await expect(bob.room("Kitchen").locator(".badge")).to_contain_text("1")
    await bob.page.keyboard.press("Escape")
    await expect(bob.room("Kitchen").locator(".badge")).to_have_count(0)
