"""Two tabs of one browser: what one does, the other knows; what one holds, the other never takes away."""

from __future__ import annotations

from playwright.async_api import expect

from .conftest import ONE_LOOP, House, NewPerson
from .person import Person

pytestmark = ONE_LOOP


async def tab_of(person: Person, path: str = "/") -> Person:
    """Another tab of the same browser."""
    other = Person(await person.page.context.new_page(), person.url)
    other.page.set_default_timeout(20_000)
    await other.open(path)
    return other


async def test_what_is_sent_in_one_tab_leaves_the_draft_of_the_other(person: NewPerson) -> None:
    first = await person()
    await first.set_up("ada")
    await first.create_room("Kitchen")
    second = await tab_of(first, "/r/kitchen")
    await expect(second.composer).to_be_visible()
    await first.composer.fill("a long draft")
    await second.say("ok")
    await first.sees("ok")
    await expect(first.composer).to_have_value("a long draft")
    await first.page.reload()
    await expect(first.composer).to_have_value("a long draft")
    # It survives its tab as well.
    await first.page.close()
    third = await tab_of(second, "/r/kitchen")
    await expect(third.composer).to_have_value("a long draft")


async def test_a_tab_that_opened_with_a_copy_of_the_draft_does_not_take_it_away(person: NewPerson) -> None:
    first = await person()
    await first.set_up("ada")
    await first.create_room("Kitchen")
    await first.composer.fill("a long draft")
    second = await tab_of(first, "/r/kitchen")
    await expect(second.composer).to_have_value("a long draft")
    await second.say("ok")
    await expect(first.composer).to_have_value("a long draft")
    await first.sees("ok")
    await first.page.reload()
    await expect(first.composer).to_have_value("a long draft")


async def test_a_draft_that_is_sent_in_one_tab_is_not_offered_by_the_other_once_more(person: NewPerson) -> None:
    first = await person()
    await first.set_up("ada")
    await first.create_room("Kitchen")
    await first.composer.fill("a long draft")
    second = await tab_of(first, "/r/kitchen")
    await expect(second.composer).to_have_value("a long draft")
    await second.composer.press("Enter")
    await first.sees("a long draft")
    await expect(first.composer).to_have_value("")
    await first.page.reload()
    await first.sees("a long draft")
    await expect(first.composer).to_have_value("")


async def test_signing_out_counts_in_all_tabs_and_keeps_what_another_one_holds(person: NewPerson) -> None:
    first = await person()
    await first.set_up("ada")
    await first.create_room("Kitchen")
    await first.create_room("Balcony")
    second = await tab_of(first, "/r/kitchen")
    await expect(second.composer).to_be_visible()
    await second.composer.fill("a long draft")
    await first.composer.fill("mine")
    await first.sign_out()
    await expect(second.page.get_by_text("You have signed out in another tab.")).to_be_visible()
    await first.sign_in("ada")
    await first.is_connected()
    await expect(first.composer).to_have_value("")
    await expect(second.composer).to_have_value("a long draft")  # signed in there, too
    await second.page.reload()
    await expect(second.composer).to_have_value("a long draft")


async def test_signing_out_forgets_the_drafts_of_nobody_else(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.composer.fill("secret")
    # as whoever shares the machine, and whose name begins alike
    await ada.page.evaluate("localStorage.setItem('hubbub.draft.ada.lovelace.kitchen', 'hers')")
    await ada.sign_out()
    kept = await ada.page.evaluate("Object.keys(localStorage).filter((key) => key.includes('draft'))")
    assert kept == ["hubbub.draft.ada.lovelace.kitchen"]


async def test_somebody_else_signs_in_in_another_tab(person: NewPerson) -> None:
    first = await person()
    await first.set_up("ada", "Ada Okafor")
    second = await tab_of(first)
    await second.is_connected()
    await first.sign_out()
    await expect(second.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await second.sign_up("bob", "Bob Hale")
    await second.is_connected()
    for one in (first, second):
        await expect(one.page.get_by_role("button", name="Account and devices of Bob Hale")).to_be_visible()


async def test_look_and_name_follow(person: NewPerson) -> None:
    first = await person()
    await first.set_up("ada", "Ada Okafor")
    second = await tab_of(first)
    await second.is_connected()
    await first.page.get_by_role("button", name="Account and devices").click()
    await first.page.get_by_text("Dark", exact=True).click()
    await first.page.get_by_label("Your name").fill("Ada Lovelace")
    await first.page.get_by_role("button", name="Save").click()
    await expect(second.page.get_by_role("button", name="Account and devices of Ada Lovelace")).to_be_visible()
    await expect(second.page.locator("html")).to_have_attribute("data-theme", "dark")
    await first.page.get_by_text("As this device", exact=True).click()
    await expect(second.page.locator("html")).not_to_have_attribute("data-theme", "dark")


async def test_signing_out_works_while_the_server_is_away(person: NewPerson, house: House) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.composer.fill("secret")
    await house.stop()
    await expect(ada.state_line).to_contain_text("Reconnecting")
    await page.get_by_role("button", name="Account and devices").click()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await expect(page.get_by_text("it hears of it as soon as it can")).to_be_visible()
    assert await page.evaluate("Object.keys(localStorage).some((key) => key.includes('draft'))") is False
    # The page is opened anew before the server was told: the login's cookie is there, and does not count.
    await page.goto("about:blank")
    await house.start()
    await ada.open("/r/kitchen")
    await expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await expect(page.get_by_text("it hears of it as soon as it can")).to_have_count(0)
    # No login is left; the server goes on knowing the device.
    assert [cookie for cookie in await page.context.cookies() if cookie["name"] != "hubbub_device"] == []
