"""Any emoji to any message."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from .conftest import ONE_LOOP, NewPerson
from .looks import check
from .person import Person
from .refusals import Refusals
from .talk import both_in_kitchen, frames, kitchen, say_all

pytestmark = ONE_LOOP


def chip(one: Person, text: str, emoji: str) -> Locator:
    return one.message(text).locator(".chip", has_text=emoji)


def search(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Search emoji by name")


async def choose(one: Person, text: str, words: str) -> None:
    """The first emoji of that name."""
    await one.act(text, "Add a reaction")
    await search(one.page).fill(words)
    await expect(one.page.locator(".emoji-title")).to_have_text("Found")
    await search(one.page).press("Enter")


async def test_reactions_are_counted_and_say_who(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await both_in_kitchen(ada, bob)
    await ada.say("Cake?")
    await bob.act("Cake?", "React with 👍")
    await expect(chip(ada, "Cake?", "👍")).to_have_accessible_name("👍 1: Bob Hale")
    await expect(chip(bob, "Cake?", "👍")).to_have_attribute("aria-pressed", "true")
    await chip(ada, "Cake?", "👍").click()
    for one, who in ((ada, "You and Bob Hale"), (bob, "You and Ada Okafor")):
        await expect(chip(one, "Cake?", "👍")).to_have_accessible_name(f"👍 2: {who}")
        await chip(one, "Cake?", "👍").focus()
        await one.page.reload()
        await expect(chip(one, "Cake?", "👍")).to_have_accessible_name(f"👍 2: {who}")
    await chip(ada, "Cake?", "👍").hover()
    await expect(chip(ada, "Cake?", "👍").locator(".tip")).to_be_visible()
    await check(ada.page, "reactions")
    await chip(ada, "Cake?", "👍").click()
    await expect(chip(bob, "Cake?", "👍")).to_have_accessible_name("👍 1: You")
    await chip(bob, "Cake?", "👍").click()
    for one in (ada, bob):
        await expect(one.page.locator(".chip")).to_have_count(0)


async def test_the_picker_finds_by_name_and_remembers_what_was_used(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.say("Cake?")
    await choose(ada, "Cake?", "shortcake")
    await expect(chip(ada, "Cake?", "🍰")).to_have_attribute("aria-pressed", "true")
    await choose(ada, "Cake?", "hooray")
    await expect(ada.page.locator(".chip-emoji")).to_have_count(2)
    await ada.page.reload()
    await ada.act("Cake?", "Add a reaction")
    grid = ada.page.get_by_role("group", name="Emoji", exact=True)
    await expect(grid.get_by_role("button").nth(1)).to_have_text("🍰")
    await search(ada.page).fill("no such thing")
    await expect(ada.page.get_by_role("heading", name="Nothing is called “no such thing”")).to_be_visible()
    await ada.page.get_by_role("button", name="Flags").click()
    await expect(grid.get_by_role("button", name="flag Germany")).to_be_visible()
    await check(ada.page, "picker")


async def test_a_skin_tone_is_chosen_once(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.say("Cake?")
    await ada.act("Cake?", "Add a reaction")
    await ada.page.get_by_role("radio", name="Medium-dark").check(force=True)
    await search(ada.page).fill("waving hand")
    await search(ada.page).press("Enter")
    await expect(chip(ada, "Cake?", "👋🏾")).to_be_visible()
    await ada.page.reload()
    await choose(ada, "Cake?", "thumbs up")
    await expect(chip(ada, "Cake?", "👍🏾")).to_be_visible()


async def test_the_arrows_lead_through_the_picker(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.say("Cake?")
    await ada.act("Cake?", "Add a reaction")
    await ada.page.get_by_role("button", name="Smileys & Emotion").click()
    grid = ada.page.get_by_role("group", name="Emoji", exact=True).get_by_role("button")
    await expect(grid.nth(40)).to_be_attached()
    await search(ada.page).press("ArrowDown")
    await expect(grid.first).to_be_focused()
    await ada.page.keyboard.press("ArrowRight")
    await expect(grid.nth(1)).to_be_focused()
    await ada.page.keyboard.press("ArrowDown")
    await ada.page.keyboard.press("ArrowUp")
    await expect(grid.nth(1)).to_be_focused()
    await ada.page.keyboard.press("Enter")
    await expect(ada.page.locator(".chip-emoji")).to_have_count(1)


async def test_a_reaction_that_is_refused_is_taken_back_and_says_why(person: NewPerson) -> None:
    ada = await person()
    await Refusals("react").between(ada.page)
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.say("Cake?")
    await ada.act("Cake?", "React with 👍")
    notice = "Your reaction was not added. You are not a member of this room."
    await expect(ada.page.locator(".notices")).to_contain_text(notice)
    await expect(ada.page.locator(".chip")).to_have_count(0)


async def test_a_reaction_above_moves_nothing_of_what_is_being_read(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await kitchen(ada, bob, 60)
    await ada.open("/r/kitchen")
    await expect(ada.message("line 60")).to_be_visible()
    await bob.page.locator(".timeline").evaluate("view => { view.scrollTop -= 400; }")
    await bob.page.get_by_role("button", name="Latest").wait_for()
    await frames(bob.page)
    bottom = """() => {
      const view = document.querySelector(".timeline").getBoundingClientRect();
      const rows = [...document.querySelectorAll("[data-key^=m]")];
      const row = rows.find((one) => one.getBoundingClientRect().top > view.top + 60);
      return [row.dataset.key, Math.round(row.getBoundingClientRect().bottom)];
    }"""
    before = await bob.page.evaluate(bottom)
    above = await bob.page.evaluate(
        """() => {
          const view = document.querySelector(".timeline").getBoundingClientRect();
          const rows = [...document.querySelectorAll("[data-key^=m]")];
          return rows.filter((one) => one.getBoundingClientRect().bottom < view.top).at(-1).textContent;
        }"""
    )
    line = f"line {above.rsplit('line ', 1)[1]}"
    await ada.page.get_by_text(line, exact=True).scroll_into_view_if_needed()
    row = ada.page.locator(".row-message").filter(has=ada.page.get_by_text(line, exact=True))
    await row.hover()
    await row.get_by_role("button", name="React with 👍").click()
    await expect(bob.page.locator(".chip-emoji")).to_have_count(1)
    await frames(bob.page)
    assert await bob.page.evaluate(bottom) == before
    await say_all("ada", ada.url, ["still there"])
    await expect(bob.message("still there")).to_be_attached()
    assert await bob.page.evaluate(bottom) == before
