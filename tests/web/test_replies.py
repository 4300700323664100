"""A message answers another one."""

from __future__ import annotations

from playwright.async_api import expect

from .conftest import ONE_LOOP, NewPerson
from .looks import check
from .talk import both_in_kitchen, kitchen

pytestmark = ONE_LOOP


async def test_a_reply_quotes_the_message_that_it_answers(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await both_in_kitchen(ada, bob)
    await ada.say("Who wants **cake**?")
    await bob.act("Who wants cake?", "Reply")
    await expect(bob.composer).to_be_focused()
    await expect(bob.page.locator(".reply-bar")).to_contain_text("Replying to Ada Okafor")
    await bob.say("Me")
    await expect(bob.page.locator(".reply-bar")).to_have_count(0)
    for one in (ada, bob):
        await one.sees("Who wants cake?", "Me")
        await expect(one.page.locator(".quote")).to_have_text("In reply to Ada OkaforWho wants cake?")
    await check(ada.page, "reply")
    await ada.act("Who wants cake?", "More actions")
    await ada.page.get_by_role("button", name="Delete", exact=True).click()
    await ada.page.get_by_role("button", name="Delete message").click()
    await expect(bob.page.locator(".quote")).to_contain_text("Deleted message")


async def test_escape_and_its_button_end_a_reply(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.say("one")
    for end in ("key", "button"):
        await ada.act("one", "Reply")
        await expect(ada.page.locator(".reply-bar")).to_contain_text("one")
        if end == "key":
            await ada.composer.press("Escape")
        else:
            await ada.page.get_by_role("button", name="Do not reply").click()
        await expect(ada.page.locator(".reply-bar")).to_have_count(0)
    await ada.say("two")
    await ada.sees("one", "two")
    await expect(ada.page.locator(".quote")).to_have_count(0)


async def test_a_quote_leads_far_up_and_latest_leads_back(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await kitchen(ada, bob, 700)
    first = bob.page.locator(".prose").get_by_text("line 5", exact=True)
    await bob.page.evaluate(
        """async () => {
          const view = document.querySelector(".timeline");
          while (!document.querySelector(".timeline-start")) {
            view.scrollTop = 0;
            await new Promise(requestAnimationFrame);
          }
        }"""
    )
    await first.scroll_into_view_if_needed()
    row = bob.page.locator(".row-message").filter(has=first)
    await row.hover()
    await row.get_by_role("button", name="Reply").click()
    await bob.say("an answer to something old")
    await expect(bob.message("an answer to something old")).to_be_in_viewport()
    await bob.page.reload()
    await bob.message("an answer to something old").wait_for()
    await expect(bob.page.locator(".quote")).to_contain_text("line 5")
    await expect(first).to_have_count(0)
    await bob.page.locator(".quote").click()
    await expect(first).to_be_in_viewport()
    await expect(row).to_be_focused()
    await bob.page.keyboard.press("ArrowDown")
    await expect(bob.page.locator(".row-message:focus")).to_contain_text("line 6")
    await bob.page.get_by_role("button", name="Latest").click()
    await expect(bob.message("an answer to something old")).to_be_in_viewport()
    await bob.say("and here I am")
    await expect(bob.message("and here I am")).to_be_in_viewport()
