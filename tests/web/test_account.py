"""Coming in, going out, and what an account's owner decides."""

from __future__ import annotations

from playwright.async_api import expect

from .conftest import ONE_LOOP, House, NewPerson
from .person import PASSWORD

pytestmark = ONE_LOOP


async def test_the_first_account_is_the_administrator_and_can_close_the_door(person: NewPerson) -> None:
    ada, visitor = await person(), await person()
    await ada.set_up("ada", "Ada Okafor")
    await ada.page.get_by_role("button", name="Account and devices of Ada Okafor").click()
    door = ada.page.get_by_role("switch", name="Anyone can create an account")
    await expect(door).to_be_checked()
    await door.click()
    await expect(ada.page.get_by_text("Nobody new can sign up.")).to_be_visible()
    await visitor.open()
    await expect(visitor.page.get_by_text("Ask your administrator for an account.")).to_be_visible()
    await expect(visitor.page.get_by_role("button", name="Create an account")).to_have_count(0)


async def test_a_wrong_password_is_told_and_the_right_one_works(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.sign_out()
    await ada.sign_in("ada", "not this one")
    await expect(ada.page.get_by_role("alert")).to_have_text("The name or the password is wrong.")
    await ada.sign_in("ada")
    await ada.is_connected()


async def test_a_display_name_is_changed(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.page.get_by_role("button", name="Account and devices of ada").click()
    await ada.page.get_by_label("Your name").fill("Ada Okafor")
    await ada.page.get_by_role("button", name="Save").click()
    await expect(ada.page.locator(".account-title")).to_have_text("Ada Okafor")


async def test_a_display_name_is_one_everywhere_at_once_and_gone_when_it_is_cleared(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await ada.set_up("ada", "Ada Okafor", room="Kitchen")
    await ada.say("Hello")
    await bob.sign_up("bob", path="/r/kitchen")
    await bob.page.get_by_role("button", name="Join #kitchen").click()
    for title, shown in (("", "ada"), ("Ada Lovelace", "Ada Lovelace")):
        await ada.page.get_by_role("button", name="Account and devices").click()
        await ada.page.get_by_label("Your name").fill(title)
        await ada.page.get_by_role("button", name="Save").click()
        await expect(ada.page.locator(".account-title")).to_have_text(shown)
        await ada.page.keyboard.press("Escape")
        await expect(ada.page.get_by_role("button", name=f"Account and devices of {shown}")).to_be_visible()
        for one in (ada, bob):
            await expect(one.page.locator(".row-head strong").first).to_have_text(shown)
            await expect(one.page.locator(".row-line strong").first).to_have_text(shown)
            await expect(one.page.locator(".person-name").first).to_contain_text(shown)
    # and who opens the room later is not told the name of the time when she joined
    await bob.page.reload()
    await expect(bob.page.locator(".row-line strong").first).to_have_text("Ada Lovelace")


async def test_names_that_changed_while_nobody_could_tell_are_learned_on_coming_back(
    person: NewPerson, house: House
) -> None:
    ada, bob = await person(), await person()
    await ada.set_up("ada", "Ada Okafor", room="Kitchen")
    await ada.say("Hello")
    await bob.sign_up("bob", path="/r/kitchen")
    await bob.page.get_by_role("button", name="Join #kitchen").click()
    await expect(bob.page.locator(".row-head strong").first).to_have_text("Ada Okafor")
    await bob.page.context.set_offline(True)
    await bob.page.evaluate("dispatchEvent(new Event('offline'))")
    await house.stop()
    await house.start()
    await ada.is_connected()
    await ada.page.get_by_role("button", name="Account and devices").click()
    await ada.page.get_by_label("Your name").fill("Ada Lovelace")
    await ada.page.get_by_role("button", name="Save").click()
    await expect(ada.page.locator(".account-title")).to_have_text("Ada Lovelace")
    await expect(bob.page.locator(".row-head strong").first).to_have_text("Ada Okafor")
    await bob.page.context.set_offline(False)
    await bob.page.evaluate("dispatchEvent(new Event('online'))")
    await expect(bob.page.locator(".row-head strong").first).to_have_text("Ada Lovelace")


async def test_who_comes_back_to_a_login_that_has_ended_is_told(person: NewPerson) -> None:
    ada, elsewhere = await person(), await person()
    await ada.set_up("ada")
    await elsewhere.open()
    await elsewhere.sign_in("ada")
    await elsewhere.is_connected()
    await elsewhere.page.goto("about:blank")
    await ada.page.get_by_role("button", name="Account and devices").click()
    await ada.page.get_by_role("button", name="End the session").click()
    await expect(ada.page.locator(".device")).to_have_count(1)
    await elsewhere.open()
    await expect(elsewhere.page.get_by_text("Your login has ended")).to_be_visible()
    await expect(elsewhere.page.get_by_label("User name")).to_have_value("ada")
    # once: who has left by their own wish, or been told, is not told again
    await elsewhere.page.reload()
    await expect(elsewhere.page.get_by_role("heading", name="Welcome back")).to_be_visible()
    await expect(elsewhere.page.get_by_text("Your login has ended")).to_have_count(0)


async def test_a_password_is_changed_and_other_devices_are_signed_out(person: NewPerson) -> None:
    ada, elsewhere = await person(), await person()
    await ada.set_up("ada")
    await elsewhere.open()
    await elsewhere.sign_in("ada")
    await elsewhere.is_connected()
    await ada.page.get_by_role("button", name="Account and devices").click()
    await expect(ada.page.locator(".device")).to_have_count(2)
    await ada.page.get_by_role("button", name="Change password").click()
    old, new = ada.page.get_by_label("Current password"), ada.page.get_by_label("New password")
    await expect(old).to_be_focused()
    await old.fill("not this one")
    await new.fill("battery staple")
    await new.press("Enter")
    await expect(ada.page.get_by_role("alert").filter(has_text="password")).to_have_text(
        "The current password is wrong."
    )
    await old.fill(PASSWORD)
    await new.press("Enter")
    await expect(ada.page.get_by_text("Your password has been changed.")).to_be_visible()
    await expect(ada.page.locator(".device")).to_have_count(1)
    await expect(elsewhere.page.get_by_text("You have been signed out on this device")).to_be_visible()
    await elsewhere.sign_in("ada", "battery staple")
    await elsewhere.is_connected()


async def test_the_look_is_kept(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.page.get_by_role("button", name="Account and devices").click()
    await ada.page.get_by_text("Dark", exact=True).click()
    await ada.page.reload()
    assert await ada.page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


async def test_an_address_that_is_taken_is_told_in_the_dialog(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.create_room("Café & Crème")
    assert ada.page.url.endswith("/r/cafe-creme")
    await ada.page.get_by_role("button", name="New room").click()
    dialog = ada.page.get_by_role("dialog", name="Create a room")
    await expect(dialog.get_by_label("Name")).to_be_focused()
    await dialog.get_by_label("Name").fill("Cafe creme")
    await dialog.get_by_role("button", name="Create room").click()
    await expect(dialog.get_by_text("A room with this address exists.")).to_be_visible()
    await dialog.get_by_label("Address").fill("cafe-2")
    await dialog.get_by_role("button", name="Create room").click()
    await expect(ada.page.get_by_role("heading", name="Cafe creme", level=1)).to_be_visible()
