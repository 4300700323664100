"""Messages are edited and deleted."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from .conftest import ONE_LOOP, House, NewPerson
from .looks import check
from .person import Person
from .refusals import Refusals
from .talk import both_in_kitchen

pytestmark = ONE_LOOP


def editor(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Edit message")


def dialog(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog", name=name)


async def delete(one: Person, text: str) -> None:
    await one.act(text, "More actions")
    await one.page.get_by_role("button", name="Delete", exact=True).click()
    await one.page.get_by_role("button", name="Delete message").click()


async def test_an_edit_reaches_the_other_and_its_earlier_text_is_shown_on_request(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await both_in_kitchen(ada, bob)
    await ada.say("Cake at tree")
    await bob.sees("Cake at tree")
    await ada.act("Cake at tree", "Edit")
    await editor(ada.page).fill("Cake at **three**")
    await editor(ada.page).press("Enter")
    await expect(ada.composer).to_be_focused()
    for one in (ada, bob):
        await one.sees("Cake at three")
        await one.page.reload()
        await one.sees("Cake at three")
    await bob.page.get_by_role("button", name="Edited: show earlier versions").click()
    await expect(dialog(bob.page, "Earlier versions").locator(".prose")).to_have_text(["Cake at three", "Cake at tree"])
    await check(bob.page, "earlier versions")


async def test_up_edits_the_last_message_of_mine_and_escape_leaves_it(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await both_in_kitchen(ada, bob)
    await ada.say("one")
    await ada.say("two")
    await bob.say("three")
    await ada.sees("one", "two", "three")
    await ada.composer.press("ArrowUp")
    await expect(editor(ada.page)).to_be_focused()
    await expect(editor(ada.page)).to_have_value("two")
    await editor(ada.page).fill("something else")
    await editor(ada.page).press("Escape")
    await expect(ada.composer).to_be_focused()
    await ada.sees("one", "two", "three")
    await ada.composer.fill("not empty")
    await ada.composer.press("ArrowUp")
    await expect(editor(ada.page)).to_have_count(0)


async def test_a_deleted_message_stays_as_deleted_after_a_confirmation(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await both_in_kitchen(ada, bob)
    await bob.say("Forget this")
    await bob.say("And this")
    await ada.sees("Forget this", "And this")
    await bob.act("Forget this", "More actions")
    await bob.page.get_by_role("button", name="Delete", exact=True).click()
    await bob.page.get_by_role("button", name="Keep it").click()
    await bob.sees("Forget this", "And this")
    await delete(bob, "Forget this")
    for one in (ada, bob):
        await one.sees("And this")
        await expect(one.page.locator(".row-deleted .deleted")).to_have_text(["This message was deleted"])
    await delete(ada, "And this")  # an administrator's
    await bob.sees()
    await bob.page.reload()
    await expect(bob.page.locator(".row-deleted")).to_have_count(2)


async def test_only_what_is_allowed_is_offered(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await both_in_kitchen(ada, bob)
    await ada.say("Hers")
    await bob.sees("Hers")
    await bob.message("Hers").hover()
    tools = bob.message("Hers").get_by_role("group", name="Actions for")
    await expect(tools.get_by_role("button", name="Reply")).to_be_visible()
    await expect(tools.get_by_role("button", name="Edit")).to_have_count(0)
    await tools.get_by_role("button", name="More actions").click()
    sheet = dialog(bob.page, "Ada Okafor")
    await expect(sheet.get_by_role("button", name="Copy text")).to_be_visible()
    await expect(sheet.get_by_role("button", name="Delete")).to_have_count(0)


async def test_an_edit_waits_for_the_server_and_survives_a_reload(person: NewPerson, house: House) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.say("before")
    await ada.sees("before")
    await house.stop()
    await expect(ada.state_line).to_contain_text("Reconnecting")
    await ada.act("before", "Edit")
    await editor(ada.page).fill("after")
    await ada.page.get_by_role("button", name="Save").click()
    await expect(ada.page.locator(".row-queued")).to_contain_text("Waiting for the connection")
    await expect(ada.messages).to_have_text(["after"])
    await ada.page.goto("about:blank")
    await house.start()
    await ada.open("/r/kitchen")
    await ada.sees("after")
    await expect(ada.page.get_by_role("button", name="Edited: show earlier versions")).to_be_visible()


async def test_an_edit_that_is_refused_says_why_and_is_not_lost(person: NewPerson) -> None:
    ada = await person()
    refusals = Refusals("edit")
    await refusals.between(ada.page)
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.say("before")
    await ada.act("before", "Edit")
    await editor(ada.page).fill("after")
    await editor(ada.page).press("Enter")
    failed = ada.page.locator(".row-failed")
    await expect(failed).to_contain_text("Your changes were not saved. You are not a member of this room.")
    await failed.get_by_role("button", name="Discard").click()
    await ada.sees("before")
    await ada.act("before", "Edit")
    await editor(ada.page).fill("after")
    await editor(ada.page).press("Enter")
    await expect(failed).to_have_count(1)
    refusals.over = True
    await failed.get_by_role("button", name="Retry").click()
    await ada.sees("after")


async def test_a_deletion_that_is_refused_is_taken_back_and_says_why(person: NewPerson) -> None:
    ada = await person()
    await Refusals("delete").between(ada.page)
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.say("still here")
    await delete(ada, "still here")
    notice = ada.page.locator(".notices")
    await expect(notice).to_contain_text("The message was not deleted. You are not a member of this room.")
    await ada.sees("still here")
    await notice.get_by_role("button", name="Dismiss").click()
    await expect(notice).to_have_text("")
