"""People talk."""

from __future__ import annotations

import re

from playwright.async_api import expect

from .conftest import ONE_LOOP, NewPerson
from .person import Person

pytestmark = ONE_LOOP


async def two_in_kitchen(person: NewPerson) -> tuple[Person, Person]:
    ada, bob = await person(), await person()
    await ada.set_up("ada", "Ada Okafor")
    await ada.create_room("Kitchen")
    await bob.sign_up("bob", "Bob Hale")
    await bob.join_by_directory("Kitchen")
    return ada, bob


async def test_a_message_reaches_the_other_who_sees_it_as_unread(person: NewPerson) -> None:
    ada, bob = await two_in_kitchen(person)
    await bob.create_room("Balcony")
    await ada.say("Cake is **ready**")
    await ada.say("Really")
    await ada.sees("Cake is ready", "Really")
    await expect(bob.room("Kitchen")).to_contain_text("2")
    await expect(bob.page).to_have_title("(2) Balcony · Hubbub")
    await bob.go_to("Kitchen")
    await bob.sees("Cake is ready", "Really")
    await expect(bob.page.locator(".row-divider")).to_have_text("New messages")
    await expect(bob.page.locator(".row-message strong", has_text="ready")).to_be_visible()
    await expect(bob.page).to_have_title("Kitchen · Hubbub")
    await expect(bob.room("Kitchen").locator(".badge")).to_have_count(0)


async def test_what_is_read_on_one_device_is_read_on_the_other(person: NewPerson) -> None:
    ada, bob = await two_in_kitchen(person)
    elsewhere = await person()
    await elsewhere.open()
    await elsewhere.sign_in("bob")
    await elsewhere.is_connected()
    await bob.create_room("Balcony")
    await ada.say("Who took my cup?")
    await expect(elsewhere.room("Kitchen").locator(".badge")).to_contain_text("1")
    await expect(elsewhere.room("Balcony")).to_be_visible()
    await bob.go_to("Kitchen")
    await bob.sees("Who took my cup?")
    await expect(elsewhere.room("Kitchen").locator(".badge")).to_have_count(0)


async def test_typing_and_presence(person: NewPerson) -> None:
    ada, bob = await two_in_kitchen(person)
    members = ada.page.get_by_role("complementary", name="Members of Kitchen")
    await expect(members.locator(".people:not(.people-away) .person")).to_have_count(2)
    await bob.composer.press_sequentially("Hm")
    await expect(ada.page.locator(".typing")).to_have_text("Bob Hale is typing…")
    await bob.say("Hello")
    await expect(ada.page.locator(".typing")).to_have_text("")
    await bob.page.context.close()
    await expect(members.locator(".people-away .person")).to_have_text(re.compile("Bob Hale"))


async def test_enter_sends_and_shift_enter_starts_a_line(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.composer.press_sequentially("one")
    await ada.composer.press("Shift+Enter")
    await ada.composer.press_sequentially("two")
    await expect(ada.composer).to_have_value("one\ntwo")
    await ada.composer.press("Enter")
    await expect(ada.messages).to_have_count(1)
    assert await ada.messages.inner_text() == "one\ntwo"


async def test_a_draft_stays_with_its_room(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.create_room("Balcony")
    await ada.composer.fill("half a thought")
    await ada.go_to("Kitchen")
    await expect(ada.composer).to_have_value("")
    await ada.page.reload()
    await ada.go_to("Balcony")
    await expect(ada.composer).to_have_value("half a thought")


async def test_a_text_over_the_limit_is_not_sent(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.composer.fill("x" * 16_385)
    await ada.composer.press("Enter")
    await expect(ada.page.get_by_text("1 byte too long")).to_be_visible()
    await expect(ada.messages).to_have_count(0)


async def test_what_people_write_never_becomes_a_page(person: NewPerson) -> None:
    ada, bob = await two_in_kitchen(person)
    await ada.say("<img src=x onerror=\"document.title='gone'\"> [x](javascript:alert(1)) https://example.org")
    await expect(bob.messages).to_contain_text(["<img src=x"])
    prose = bob.page.locator(".prose")
    await expect(prose.locator("img")).to_have_count(0)
    links = await prose.locator("a").evaluate_all("links => links.map(a => [a.href, a.rel])")
    assert links == [["https://example.org/", "noopener noreferrer nofollow"]]


async def test_leaving_takes_the_room_off_the_list(person: NewPerson) -> None:
    _, bob = await two_in_kitchen(person)
    await bob.page.get_by_role("button", name="Leave room").click()
    dialog = bob.page.get_by_role("dialog", name="Leave Kitchen?")
    await dialog.get_by_role("button", name="Leave room").click()
    await expect(bob.room("Kitchen")).to_have_count(0)
    await expect(bob.page).to_have_url(re.compile("/$"))


async def test_a_link_to_a_room_offers_to_join(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.say("Hello")
    await bob.sign_up("bob", path="/r/kitchen")
    await bob.page.get_by_role("button", name="Join #kitchen").click()
    await bob.sees("Hello")
