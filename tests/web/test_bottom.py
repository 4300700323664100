"""Whoever is at the end of a conversation stays there, whatever changes around it; others keep their place."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from .conftest import ONE_LOOP, NewPerson
from .person import Person
from .talk import frames, kitchen, pixels_below

pytestmark = ONE_LOOP

LINES = 60


async def the_composer_grows(bob: Person) -> None:
    for _ in range(4):
        await bob.composer.press_sequentially("a line")
        await bob.composer.press("Shift+Enter")


async def a_long_draft_gets_a_letter(bob: Person) -> None:
    await the_composer_grows(bob)
    await bob.composer.press_sequentially("abc")


async def a_keyboard_opens(bob: Person) -> None:
    width, height = await bob.page.evaluate("[innerWidth, innerHeight]")
    await bob.page.set_viewport_size({"width": width, "height": height - 300})


async def the_device_is_turned(bob: Person) -> None:
    width, height = await bob.page.evaluate("[innerWidth, innerHeight]")
    await bob.page.set_viewport_size({"width": height + 300, "height": width})


async def a_banner_appears(bob: Person) -> None:
    await bob.page.locator(".room-head").evaluate(
        "head => { const banner = document.createElement('p'); banner.style.height = '30px'; head.before(banner) }"
    )


_PICTURE = """
text => {
  const picture = new Image(200, 260);
  picture.src = "/favicon.svg";
  text.append(picture);
}
"""


async def a_picture_loads(bob: Person) -> None:
    await bob.messages.nth(-3).evaluate(_PICTURE)


async def a_picture_loads_far_above(bob: Person) -> None:
    await bob.messages.first.evaluate(_PICTURE)


CHANGES = [
    the_composer_grows,
    a_long_draft_gets_a_letter,
    a_banner_appears,
    a_picture_loads,
    a_picture_loads_far_above,
    a_keyboard_opens,
    the_device_is_turned,
]

_FIRST_ROW = """
() => {
  const view = document.querySelector(".timeline").getBoundingClientRect();
  const rows = [...document.querySelectorAll(".row-message")];
  const row = rows.find((row) => row.getBoundingClientRect().bottom > view.top);
  return { text: row.textContent, bottom: row.getBoundingClientRect().bottom - view.top };
}
"""


@pytest.mark.parametrize("phone", [False, True], ids=["desktop", "phone"])
async def test_the_view_stays_at_the_end_whatever_changes(person: NewPerson, phone: bool) -> None:
    ada, bob = await person(), await person(phone=phone)
    await kitchen(ada, bob, LINES)
    await ada.open("/r/kitchen")
    for change in CHANGES:
        await change(bob)
        await frames(bob.page)
        assert await pixels_below(bob.page) <= 1, change.__name__
        await expect(bob.messages.last).to_be_in_viewport(ratio=1)
        await ada.say(f"news after {change.__name__}")
        await expect(bob.messages.last).to_contain_text(f"news after {change.__name__}")
        await expect(bob.messages.last).to_be_in_viewport(ratio=1)
        await expect(bob.page.get_by_role("button", name="Latest")).to_have_count(0)


async def test_a_reader_further_up_keeps_the_place_whatever_changes(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await kitchen(ada, bob, LINES)
    await bob.page.locator(".timeline").evaluate("view => { view.scrollTop -= 600 }")
    await expect(bob.page.get_by_role("button", name="Latest")).to_be_visible()
    before = await bob.page.evaluate(_FIRST_ROW)
    for change in CHANGES:
        await change(bob)
        await frames(bob.page)
        after = await bob.page.evaluate(_FIRST_ROW)
        assert after["text"] == before["text"], change.__name__
        assert abs(after["bottom"] - before["bottom"]) <= 1, change.__name__


async def test_latest_is_offered_as_soon_as_the_last_line_is_out_of_sight(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await kitchen(ada, bob, LINES)
    latest = bob.page.get_by_role("button", name="Latest")
    await expect(latest).to_have_count(0)
    await bob.page.locator(".timeline").evaluate("view => { view.scrollTop -= 30 }")
    await expect(latest).to_be_visible()
    await latest.click()
    await expect(latest).to_have_count(0)
    assert await pixels_below(bob.page) <= 1
