"""Going away and coming back; what is in sight of whom."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from .conftest import ONE_LOOP, House, NewPerson
from .person import Person
from .talk import kitchen

pytestmark = ONE_LOOP

_FIRST = """
() => {
  const view = document.querySelector(".timeline").getBoundingClientRect();
  const rows = [...document.querySelectorAll(".row-message")];
  const row = rows.find((row) => row.getBoundingClientRect().bottom > view.top);
  return [row.querySelector(".prose").textContent, Math.round(row.getBoundingClientRect().bottom - view.top)];
}
"""


async def far_up(bob: Person, line: int) -> list[object]:
    """Scroll up until this line is the first in view. Returns what is first in view, and where it ends."""
    await bob.page.evaluate(
        """async line => {
          const view = document.querySelector(".timeline");
          for (;;) {
            const rows = [...document.querySelectorAll(".row-message")];
            const row = rows.find((row) => row.querySelector(".prose").textContent === line);
            if (row) { view.scrollTop = row.offsetTop + 5; break }
            view.scrollTop -= 400;
            await new Promise(requestAnimationFrame);
          }
          await new Promise(requestAnimationFrame);
        }""",
        f"line {line}",
    )
    await expect(bob.page.get_by_role("button", name="Latest")).to_be_visible()
    return await first(bob.page)


async def first(page: Page) -> list[object]:
    found: list[object] = await page.evaluate(_FIRST)
    return found


async def test_back_leads_to_the_place_in_the_room_and_a_click_to_its_end(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await kitchen(ada, bob, 450)
    await bob.create_room("Balcony")
    await bob.go_to("Kitchen")
    await expect(bob.messages.last).to_be_in_viewport()
    place = await far_up(bob, 20)
    await bob.go_to("Balcony")
    await bob.page.go_back()
    await expect(bob.page.get_by_role("heading", name="Kitchen", level=1)).to_be_visible()
    await expect(bob.messages.first).to_be_attached()
    await expect(bob.page.get_by_role("button", name="Latest")).to_be_visible()
    assert await first(bob.page) == place

    await bob.page.reload()
    await expect(bob.page.get_by_role("button", name="Latest")).to_be_visible()
    assert await first(bob.page) == place

    await bob.go_to("Balcony")
    await bob.go_to("Kitchen")
    await expect(bob.messages.last).to_have_text("line 450")
    await expect(bob.messages.last).to_be_in_viewport()


async def test_the_open_room_is_in_sight_in_a_long_list(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    for number in range(22):
        await ada.create_room(f"Room {number:02}")
    await ada.open("/r/room-00")
    await expect(ada.page.get_by_role("heading", name="Room 00", level=1)).to_be_visible()
    await expect(ada.room("Room 00")).to_be_in_viewport(ratio=1)
    for _ in range(21):
        await ada.page.keyboard.press("Alt+ArrowUp")
    await expect(ada.page.get_by_role("heading", name="Room 21", level=1)).to_be_visible()
    await expect(ada.room("Room 21")).to_be_in_viewport(ratio=1)


async def test_without_javascript_the_page_says_so(browser: Browser, house: House) -> None:
    context = await browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = await context.new_page()
    await page.goto(house.url)
    await expect(page.locator("noscript p")).to_be_in_viewport(ratio=1)
    await context.close()


async def test_a_phone_has_a_main_part_at_home_and_in_a_room(person: NewPerson) -> None:
    ada = await person(phone=True)
    await ada.set_up("ada")
    await expect(ada.page.get_by_role("main")).to_have_count(1)
    await ada.create_room("Kitchen")
    await expect(ada.page.get_by_role("main")).to_have_count(1)
    await ada.page.go_back()
    await expect(ada.room("Kitchen")).to_be_visible()
    await expect(ada.page.get_by_role("main")).to_have_count(1)
    found = await Axe().run(ada.page)
    assert [violation["id"] for violation in found.response["violations"]] == []
