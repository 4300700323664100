"""What can be done with a message is reached by pointer, keyboard and finger; and a room's name is changed."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from .conftest import ONE_LOOP, NewPerson
from .looks import check, fits
from .refusals import Refusals
from .talk import both_in_kitchen

pytestmark = ONE_LOOP

_PRESS = """
async (row) => {
  const { x, y } = row.getBoundingClientRect();
  const finger = { pointerType: "touch", isPrimary: true, bubbles: true, clientX: x + 60, clientY: y + 10 };
  row.dispatchEvent(new PointerEvent("pointerdown", finger));
}
"""


async def test_the_keyboard_reaches_every_action(person: NewPerson) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada", "Ada Okafor")
    await ada.create_room("Kitchen")
    await ada.say("one")
    await ada.say("two")
    await ada.sees("one", "two")
    await expect(ada.composer).to_be_focused()
    await ada.composer.press("Shift+Tab")
    await expect(ada.message("two")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(ada.message("one")).to_be_focused()
    await page.keyboard.press("+")
    await page.get_by_role("textbox", name="Search emoji by name").fill("party popper")
    await expect(page.locator(".emoji-title")).to_have_text("Found")
    await page.keyboard.press("Enter")
    await expect(ada.message("one").locator(".chip-emoji")).to_have_text("🎉")
    await expect(ada.message("one")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Your message")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(ada.message("one")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(ada.message("one").locator(":focus")).to_have_count(1)
    await page.keyboard.press("ArrowDown")
    await expect(ada.message("two")).to_be_focused()
    await page.keyboard.press("e")
    await expect(page.get_by_role("textbox", name="Edit message")).to_be_focused()
    await page.keyboard.press("Escape")
    await ada.composer.press("Shift+Tab")
    await page.keyboard.press("Delete")
    await page.get_by_role("button", name="Delete message").press("Enter")
    await expect(page.locator(".row-deleted")).to_have_count(1)
    await page.keyboard.press("Escape")
    await expect(ada.composer).to_be_focused()
    await page.keyboard.press("Control+/")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("edit your last message")


async def test_what_others_change_is_read_aloud(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await both_in_kitchen(ada, bob)
    await ada.say("Cake at tree")
    await bob.sees("Cake at tree")
    news = ada.page.get_by_role("log")
    await bob.act("Cake at tree", "React with 👍")
    await expect(news).to_contain_text("Bob Hale reacted with 👍 to your message: Cake at tree")
    await ada.composer.press("ArrowUp")
    await ada.page.get_by_role("textbox", name="Edit message").fill("Cake at three")
    await ada.page.keyboard.press("Enter")
    await expect(bob.page.get_by_role("log")).to_contain_text("Ada Okafor edited a message: Cake at three")


async def test_a_long_press_opens_the_sheet_of_a_phone(person: NewPerson) -> None:
    ada = await person(phone=True, has_touch=True, is_mobile=True)
    await ada.set_up("ada", "Ada Okafor")
    await ada.create_room("Kitchen")
    await ada.composer.fill("Cake?")
    await ada.page.get_by_role("button", name="Send").click()
    await ada.sees("Cake?")
    await ada.message("Cake?").evaluate(_PRESS)
    sheet = ada.page.get_by_role("dialog", name="Your message")
    await expect(sheet).to_be_visible()
    await fits(ada)
    await check(ada.page, "sheet")
    await sheet.get_by_role("button", name="React with 🎉").click()
    await expect(sheet).to_have_count(0)
    await expect(ada.page.locator(".chip-emoji")).to_have_text("🎉")
    await ada.page.locator(".chip").first.evaluate(_PRESS)
    await expect(ada.page.get_by_role("dialog", name="Reactions")).to_contain_text("Ada Okafor")
    await ada.page.go_back()
    await expect(ada.page.get_by_role("dialog")).to_have_count(0)


async def test_a_room_is_renamed_and_all_see_who_did_it(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await both_in_kitchen(ada, bob)
    await bob.page.get_by_role("button", name="Room name and description").click()
    dialog = bob.page.get_by_role("dialog", name="Name and description")
    await dialog.get_by_label("Name", exact=True).fill("Bakery")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    for one in (ada, bob):
        await expect(one.page.get_by_role("heading", name="Bakery", level=1)).to_be_visible()
        await expect(one.room("Bakery")).to_be_visible()
        await expect(one.page.locator(".row-line").last).to_contain_text("Bob Hale renamed the room to “Bakery”")
    await ada.page.reload()
    await expect(ada.page.get_by_role("heading", name="Bakery", level=1)).to_be_visible()


async def test_a_name_that_is_refused_says_why_in_its_dialog(person: NewPerson) -> None:
    ada = await person()
    await Refusals("change_room").between(ada.page)
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.page.get_by_role("button", name="Room name and description").click()
    dialog = ada.page.get_by_role("dialog", name="Name and description")
    await dialog.get_by_label("Name", exact=True).fill("Bakery")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("You are not a member of this room.")
    await ada.page.keyboard.press("Escape")
    await expect(ada.page.get_by_role("heading", name="Kitchen", level=1)).to_be_visible()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True), (320, False)])
async def test_changed_messages_and_their_dialogs_fit_the_screen(person: NewPerson, width: int, dark: bool) -> None:
    ada = await person(dark=dark, locale="de")
    page = ada.page
    await ada.set_up("ada", "Ada Okafor")
    await ada.create_room("Kitchen")
    await ada.say("a word that is averyveryveryveryveryveryveryverylongone" * 2)
    await page.set_viewport_size({"width": width, "height": 720})
    await ada.message("a word").focus()
    await page.keyboard.press("r")
    await ada.say("short")
    await ada.message("short").focus()
    await page.keyboard.press("e")
    await page.get_by_role("textbox", name="Edit message").fill("short again")
    await fits(ada)
    await page.keyboard.press("Enter")
    await expect(page.locator(".edited")).to_be_visible()
    for emoji in ("👍", "❤️", "😂", "🎉", "🙏", "👀"):
        await ada.message("short again").focus()
        await page.keyboard.press("Enter")
        await page.get_by_role("dialog").get_by_role("button", name=f"React with {emoji}").click()
    await expect(page.locator(".chip-emoji")).to_have_count(6)
    await fits(ada)
    await check(page, f"changed messages at {width}")
    for action, title in (
        ("Add a reaction", "Add a reaction"),
        ("Who reacted", "Reactions"),
        ("Earlier versions", "Earlier versions"),
        ("Delete", "Delete this message?"),
    ):
        await ada.message("short again").focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog", name="Your message")).to_be_visible()
        await fits(ada)
        await check(page, f"actions at {width}")
        await page.get_by_role("dialog").get_by_role("button", name=action, exact=True).click()
        await expect(page.get_by_role("dialog", name=title)).to_be_visible()
        await expect(page.locator(".bone")).to_have_count(0)
        await fits(ada)
        await check(page, f"{title} at {width}")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
