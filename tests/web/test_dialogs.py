"""What is open: one owner, in the history. Nothing closes but what the user closes, and nothing typed is lost."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from .conftest import ONE_LOOP, NewPerson

pytestmark = ONE_LOOP


def dialog(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog", name=name)


async def test_browse_leads_to_create_and_back_again(person: NewPerson) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada")
    await page.get_by_role("button", name="Browse all rooms").click()
    create_from_browse = dialog(page, "Browse rooms").get_by_role("button", name="Create a room")
    await create_from_browse.click()
    await dialog(page, "Create a room").get_by_label("Name").fill("Kitchen")
    await expect(page.get_by_role("dialog")).to_have_count(1)
    await page.go_back()
    await expect(dialog(page, "Browse rooms")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(1)
    await expect(create_from_browse).to_be_focused()
    await create_from_browse.click()
    await dialog(page, "Create a room").get_by_label("Name").fill("Kitchen")
    await dialog(page, "Create a room").get_by_role("button", name="Create room").click()
    await expect(page.get_by_role("heading", name="Kitchen", level=1)).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page).to_have_url(re.compile("/r/kitchen$"))
    await expect(ada.composer).to_be_focused()
    await page.go_back()
    await expect(page).to_have_url(re.compile("/$"))
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_the_switcher_over_a_dialog_keeps_what_was_typed(person: NewPerson) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await page.get_by_role("button", name="New room").click()
    name = dialog(page, "Create a room").get_by_label("Name")
    await name.fill("A long thought")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Room name")).to_be_focused()
    await page.keyboard.press("Control+k")
    await expect(name).to_be_focused()
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Room name")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(name).to_have_value("A long thought")
    await expect(name).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("button", name="New room")).to_be_focused()
    await expect(page).to_have_url(re.compile("/r/kitchen$"))


@pytest.mark.parametrize("outwards", [True, False], ids=["out of the dialog", "into the dialog"])
async def test_a_selection_that_is_dragged_over_the_edge_closes_nothing(person: NewPerson, outwards: bool) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada")
    await page.get_by_role("button", name="New room").click()
    name = dialog(page, "Create a room").get_by_label("Name")
    await name.fill("A long thought")
    box = await name.bounding_box()
    assert box is not None
    inside, outside = (box["x"] + box["width"] - 20, box["y"] + box["height"] / 2), (20, box["y"])
    for at, act in zip(
        (inside, outside) if outwards else (outside, inside), (page.mouse.down, page.mouse.up), strict=True
    ):
        await page.mouse.move(*at)
        await act()
    # What a click would have done is done when the next one has been answered.
    await dialog(page, "Create a room").get_by_label("What it is about").click()
    await expect(name).to_have_value("A long thought")
    await page.mouse.click(*outside)
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_back_closes_the_dialog_and_the_room_stays(person: NewPerson) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.create_room("Balcony")
    for button in ("New room", "Browse all rooms", "Find a room", "Account and devices", "Leave room"):
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_role("dialog")).to_have_count(1)
        await page.go_back()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        await expect(page.get_by_role("heading", name="Balcony", level=1)).to_be_visible()
        await expect(page).to_have_url(re.compile("/r/balcony$"))
    # However it was closed, there is nothing of it in the way back.
    for close in ("Escape", "Close"):
        await page.get_by_role("button", name="Account and devices").click()
        if close == "Escape":
            await page.keyboard.press("Escape")
        else:
            await page.get_by_role("button", name="Close").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.go_back()
    await expect(page.get_by_role("heading", name="Kitchen", level=1)).to_be_visible()
    await page.go_forward()
    await expect(page.get_by_role("heading", name="Balcony", level=1)).to_be_visible()


async def test_choosing_a_room_in_the_switcher_is_one_step(person: NewPerson) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.create_room("Balcony")
    await page.get_by_role("button", name="New room").click()
    await page.keyboard.press("Control+k")
    await page.keyboard.type("kit")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Kitchen", level=1)).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.go_back()
    await expect(page.get_by_role("heading", name="Balcony", level=1)).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_on_a_phone_back_closes_the_members_before_it_leaves_the_room(person: NewPerson) -> None:
    ada = await person(phone=True)
    page = ada.page
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await page.get_by_role("button", name=re.compile("^Members")).click()
    await page.get_by_role("button", name="Leave room").click()
    await expect(dialog(page, "Leave Kitchen?")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("complementary")).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("complementary")).to_have_count(0)
    await expect(ada.composer).to_be_visible()
    await page.go_back()
    await expect(page.get_by_role("navigation", name="Rooms")).to_be_visible()


async def test_a_room_that_another_device_leaves_takes_its_dialog_along_and_no_other(person: NewPerson) -> None:
    ada, elsewhere = await person(), await person()
    page = ada.page
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await elsewhere.open("/r/kitchen")
    await elsewhere.sign_in("ada")
    await expect(elsewhere.composer).to_be_visible()
    await elsewhere.page.get_by_role("button", name="Leave room").click()
    await page.get_by_role("button", name="New room").click()
    name = dialog(page, "Create a room").get_by_label("Name")
    await name.fill("A long thought")
    await dialog(elsewhere.page, "Leave Kitchen?").get_by_role("button", name="Leave room").click()
    await expect(elsewhere.page).to_have_url(re.compile("/$"))
    await expect(page.get_by_text("You are in no room yet. Look around, or open a new one.")).to_be_attached()
    await expect(name).to_have_value("A long thought")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Join")).to_be_visible()


async def test_a_dialog_is_there_after_a_reload_and_not_after_signing_in(person: NewPerson) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada", room="Kitchen")
    await page.get_by_role("button", name="Account and devices").click()
    await page.reload()
    await expect(dialog(page, "Your account")).to_be_visible()
    await page.context.clear_cookies()
    await page.reload()
    await expect(page.get_by_text("Your login has ended")).to_be_visible()
    await ada.sign_in("ada")
    await expect(ada.composer).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
