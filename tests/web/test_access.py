"""Keyboards, screen readers, small screens, and no serious finding of axe in any view, light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from .conftest import ONE_LOOP, NewPerson
from .looks import check, fits

pytestmark = ONE_LOOP


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
async def test_axe_finds_nothing_serious(person: NewPerson, dark: bool) -> None:
    ada = await person(dark=dark)
    page = ada.page
    await ada.open()
    await expect(page.get_by_role("heading", name="Create the administrator account")).to_be_visible()
    await check(page, "set-up")
    await ada.set_up("ada", "Ada Okafor")
    await check(page, "no room")
    await ada.create_room("Kitchen")
    await ada.say("Some `code`, a [link](https://example.org) and\n\n```\na block\n```\n\n> a quote")
    await ada.say("| a | b |\n|---|---|\n| 1 | 2 |")
    await expect(ada.messages).to_have_count(2)
    await check(page, "conversation")
    for button, dialog in [
        ("New room", "Create a room"),
        ("Browse all rooms", "Browse rooms"),
        ("Find a room", "Find a room"),
        ("Account and devices", "Your account"),
        ("Leave room", "Leave Kitchen?"),
    ]:
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_role("dialog", name=dialog)).to_be_visible()
        await expect(page.locator(".bone")).to_have_count(0)
        await check(page, dialog)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
    await ada.sign_out()
    await check(page, "sign-in")
    await page.get_by_role("button", name="Create an account").click()
    await check(page, "sign-up")


async def test_a_phone_shows_one_pane_at_a_time(person: NewPerson) -> None:
    ada = await person(phone=True)
    page = ada.page
    await ada.open()
    await fits(ada)
    await ada.set_up("ada", "Ada Okafor")
    await expect(page.locator(".conversation")).to_be_hidden()
    await fits(ada)
    await ada.create_room("A room with a rather long name that does not fit into a line")
    await ada.say("averylongwordwithoutanyspace" * 20)
    await ada.say("```\n" + "a line of code that is much too long for a phone " * 5 + "\n```")
    await expect(ada.messages).to_have_count(2)
    await expect(page.get_by_role("navigation", name="Rooms")).to_be_hidden()
    await ada.is_connected()
    await fits(ada)
    await page.get_by_role("button", name=re.compile("^Members")).click()
    await expect(page.get_by_role("complementary")).to_be_visible()
    await fits(ada)
    await page.get_by_role("button", name="Hide members").click()
    await page.get_by_role("button", name="Back to rooms").click()
    await expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()
    for button, dialog in [("New room", "Create a room"), ("Account and devices", "Your account")]:
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_role("dialog", name=dialog)).to_be_visible()
        await fits(ada)
        await page.keyboard.press("Escape")
    await check(page, "rooms on a phone")


async def test_keys_move_between_rooms_and_dialogs_give_the_focus_back(person: NewPerson) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada")
    for title in ("Kitchen", "Balcony"):
        await ada.create_room(title)
    await expect(ada.composer).to_be_focused()
    await page.keyboard.press("Alt+ArrowDown")
    await expect(page.get_by_role("heading", name="Kitchen", level=1)).to_be_visible()
    await page.keyboard.press("Alt+ArrowUp")
    await expect(page.get_by_role("heading", name="Balcony", level=1)).to_be_visible()
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Room name")).to_be_focused()
    await page.keyboard.type("kit")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Kitchen", level=1)).to_be_visible()
    await expect(ada.composer).to_be_focused()
    await page.get_by_role("button", name="New room").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="New room")).to_be_focused()


async def test_new_messages_are_announced(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await ada.set_up("ada", "Ada Okafor")
    await ada.create_room("Kitchen")
    await bob.sign_up("bob", path="/r/kitchen")
    await bob.page.get_by_role("button", name="Join #kitchen").click()
    await expect(bob.composer).to_be_visible()
    await ada.say("Cake is **ready**")
    await expect(bob.page.get_by_role("log", name="New messages")).to_have_text("Ada Okafor: Cake is ready")
