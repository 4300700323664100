"""Text that is made from the clock does not age."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from .conftest import ONE_LOOP, NewPerson

pytestmark = ONE_LOOP

_TO_MIDNIGHT = "() => new Date(Date.now()).setHours(24, 0, 1, 0) - Date.now()"


async def after_midnight(page: Page) -> None:
    await page.clock.fast_forward(await page.evaluate(_TO_MIDNIGHT))


async def test_today_becomes_yesterday_at_midnight(person: NewPerson) -> None:
    ada = await person()
    await ada.page.clock.install()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.say("Good night")
    await ada.create_room("Balcony")
    await ada.go_to("Kitchen")
    day = ada.page.locator(".row-day")
    times = ada.page.locator(".nav-time")
    await expect(day).to_have_text("Today")
    await after_midnight(ada.page)
    await expect(day).to_have_text("Yesterday")
    await expect(times).to_have_text(["Yesterday", "Yesterday"])
    await after_midnight(ada.page)
    await expect(day).not_to_have_text("Yesterday")
    await expect(times.first).not_to_have_text("Yesterday")


async def test_when_a_device_was_last_seen_grows_older(person: NewPerson) -> None:
    ada, elsewhere = await person(), await person()
    await elsewhere.set_up("ada")
    await elsewhere.page.context.close()
    await ada.page.clock.install()
    await ada.open()
    await ada.sign_in("ada")
    await ada.is_connected()
    await ada.page.get_by_role("button", name="Account and devices").click()
    await expect(ada.page.get_by_text("Last seen just now")).to_be_visible()
    await ada.page.clock.fast_forward(12 * 60_000)
    await expect(ada.page.get_by_text(re.compile("Last seen 1[12] minutes ago"))).to_be_visible()
