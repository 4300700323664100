"""Where an address leads: to a room, to the way into one, or nowhere, which is said in words and by the status."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import WebSocketRoute, expect

from .conftest import ONE_LOOP, House, NewPerson
from .looks import check, fits

pytestmark = ONE_LOOP


@pytest.mark.parametrize(
    ("path", "status", "title", "room"),
    [
        ("/r/no-where_yet", 200, "No where yet", "no-where_yet"),  # the server tells no stranger which rooms there are
        ("/foo", 404, "Foo", "foo"),
        ("/r/General", 404, "General", "general"),
        ("/r/%E6%97%A5%E6%9C%AC%E8%AA%9E", 404, "日本語", None),
    ],
)
async def test_an_address_without_a_room_says_so_and_offers_to_create_it(
    person: NewPerson, path: str, status: int, title: str, room: str | None
) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada")
    answer = await page.goto(ada.url + path)
    assert answer is not None
    assert answer.status == status
    await expect(page.get_by_role("main").get_by_role("heading", level=1)).to_have_text(re.compile("^There is no"))
    await expect(page).to_have_title("Not found · Hubbub")
    await expect(page.get_by_role("button", name=re.compile("^Join"))).to_have_count(0)
    await check(page, path)
    await page.get_by_role("button", name=f"Create the room “{title}”").click()
    dialog = page.get_by_role("dialog", name="Create a room")
    await expect(dialog.get_by_label("Name")).to_have_value(title)
    address = dialog.get_by_label("Address")
    if room is None:
        await expect(address).to_have_value(re.compile(r"^room-\d{5}$"))
    else:
        await expect(address).to_have_value(room)
    await dialog.get_by_role("button", name="Create room").click()
    await expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    await expect(ada.composer).to_be_visible()


async def test_a_slip_in_the_address_of_a_room_leads_to_it(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada", room="Kitchen")
    await ada.open("/r/Kitchen")
    await ada.page.get_by_role("button", name="Go to Kitchen").click()
    await expect(ada.composer).to_be_visible()
    await ada.page.go_back()
    await expect(ada.page.get_by_role("heading", name="There is nothing here")).to_be_visible()


async def test_who_is_not_signed_in_is_told_as_well(person: NewPerson) -> None:
    ada, visitor = await person(), await person()
    await ada.set_up("ada")
    await visitor.open("/foo")
    await expect(visitor.page.get_by_text("There is nothing at /foo.")).to_be_visible()


async def test_a_room_that_i_am_not_in_is_described_before_i_join(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen & Bar")
    await bob.sign_up("bob", path="/r/kitchen-bar")
    await expect(bob.page.get_by_role("heading", name="Kitchen & Bar", level=1)).to_be_visible()
    await expect(bob.page.get_by_text("It has 1 member")).to_be_visible()
    await bob.page.get_by_role("button", name="Join #kitchen-bar").click()
    await expect(bob.composer).to_be_visible()


async def test_a_new_server_begins_with_a_room_and_says_what_to_do_next(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await ada.set_up("ada", room="General")
    await expect(ada.page.get_by_role("heading", name="General", level=1)).to_be_visible()
    await expect(ada.page).to_have_url(re.compile("/r/general$"))
    steps = ada.page.get_by_role("region", name="What to do next")
    await check(ada.page, "first steps")
    await expect(steps).to_contain_text(ada.url)
    await ada.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await steps.get_by_role("button", name="Copy").click()
    await expect(steps.get_by_role("button", name="Copied")).to_be_visible()
    await ada.say("Hello")
    await expect(steps).to_have_count(0)
    await bob.sign_up("bob")
    await expect(bob.page.get_by_role("main").get_by_role("button", name="Join General")).to_be_visible()
    await check(bob.page, "rooms to step into")
    await bob.page.get_by_role("main").get_by_role("button", name="Join General").click()
    await bob.sees("Hello")


async def test_on_a_phone_a_newcomer_sees_where_to_go(person: NewPerson) -> None:
    ada, bob = await person(), await person(phone=True)
    await ada.set_up("ada", room="General")
    await ada.say("Hello")
    await bob.sign_up("bob")
    await expect(bob.page.get_by_role("button", name="Join General")).to_be_visible()
    await fits(bob)
    await check(bob.page, "a newcomer's phone")
    await bob.join_by_directory("General")
    await bob.sees("Hello")


async def test_the_first_room_is_offered_where_none_was_made(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.page.get_by_role("button", name="Create the first room").click()
    await ada.page.get_by_role("dialog").get_by_role("button", name="Create room").click()
    await expect(ada.page.get_by_role("heading", name="General", level=1)).to_be_visible()


async def test_a_name_in_any_script_makes_a_room(person: NewPerson) -> None:
    ada = await person()
    await ada.set_up("ada")
    for title, address in (("日本語", r"/r/room-\d{5}$"), ("Новости", "/r/novosti$"), ("Straße", "/r/strasse$")):
        await ada.create_room(title)
        await expect(ada.page).to_have_url(re.compile(address))
    await ada.create_room("Team 08 — Backend")
    for query, title in (("backend 08", "Team 08 — Backend"), ("STRASSE", "Straße"), ("本語", "日本語")):
        await ada.page.keyboard.press("Control+k")
        await ada.page.get_by_role("combobox").fill(query)
        await expect(ada.page.get_by_role("option")).to_have_count(1)
        await ada.page.keyboard.press("Enter")
        await expect(ada.page.get_by_role("heading", name=title, level=1)).to_be_visible()


async def test_without_a_connection_nothing_is_called_empty(person: NewPerson, house: House) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada", room="General")
    await expect(page.get_by_role("complementary")).to_contain_text("1 member in all")
    await house.stop()
    await expect(ada.state_line).to_contain_text("Reconnecting")
    members = page.get_by_role("complementary")
    await expect(members).to_contain_text("Not known while the server can't be reached.")
    await expect(members).not_to_contain_text("Nobody right now.")
    await expect(members.get_by_text("ada")).to_be_visible()
    await page.get_by_role("button", name="Browse all rooms").click()
    await expect(page.get_by_role("dialog")).to_contain_text("The rooms are not loaded yet.")
    await expect(page.locator("dialog .bone")).to_have_count(0)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Account and devices").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Your devices are not loaded yet.")
    await expect(page.locator("dialog .bone")).to_have_count(0)
    await page.keyboard.press("Escape")
    await page.evaluate("history.pushState(null, '', '/r/elsewhere'); dispatchEvent(new PopStateEvent('popstate'))")
    await expect(page.get_by_text("These messages are not loaded yet.")).to_be_visible()
    await page.get_by_role("button", name="Browse all rooms").click()
    await house.start()
    # All of it comes by itself.
    await expect(page.get_by_role("button", name="Open General")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("heading", name="There is no such room")).to_be_visible()
    await ada.go_to("General")
    await expect(members.locator(".people:not(.people-away) .person")).to_have_count(1)


async def test_before_the_first_connection_nothing_is_called_empty(person: NewPerson) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada", room="General")

    async def refuse(side: WebSocketRoute) -> None:
        await side.close(code=1013)

    await page.route_web_socket("**/ws", refuse)
    await page.route(re.compile(r"/(sse|poll)\b"), lambda route: route.abort())
    await page.reload()
    await expect(page.locator(".room-nav")).to_contain_text("The rooms are not loaded yet.")
    await expect(page.get_by_role("main")).to_contain_text("These messages are not loaded yet.")
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog")).to_contain_text("The rooms are not loaded yet.")
    await expect(page.locator(".bone")).to_have_count(0)


async def test_a_page_that_finds_no_server_comes_back_by_itself(person: NewPerson) -> None:
    ada = await person()
    page = ada.page
    await ada.set_up("ada", room="General")
    await page.route("**/api/v1/server", lambda route: route.abort())
    await page.reload()
    await expect(page.get_by_role("heading", name="No answer")).to_be_visible()
    await page.unroute("**/api/v1/server")
    await expect(ada.composer).to_be_visible()


@pytest.mark.parametrize(("width", "locale"), [(1280, "en-US"), (390, "de"), (320, "ar"), (320, "ja")])
async def test_whatever_stands_in_the_place_of_a_room_fits(
    person: NewPerson, house: House, width: int, locale: str
) -> None:
    ada = await person(viewport={"width": width, "height": 640}, locale=locale)
    page = ada.page
    await ada.set_up("ada", "Ada Okafor", room="General")
    await expect(page.get_by_role("region", name="What to do next")).to_be_visible()
    await fits(ada)
    long = "a-place-with-a-rather-long-name-that-nobody-has-made-yet"
    for path in (f"/r/{long}", f"/r/{long.upper()}{long}"):
        await ada.open(path)
        await expect(page.get_by_role("button", name="Create the room")).to_be_visible()
        await fits(ada)
    await page.get_by_role("button", name="Create the room").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    await fits(ada)
    await page.go_back()
    await house.stop()
    await page.evaluate("history.pushState(null, '', '/r/elsewhere'); dispatchEvent(new PopStateEvent('popstate'))")
    await expect(page.get_by_text("These messages are not loaded yet.")).to_be_visible()
    await fits(ada)
    await page.evaluate("history.pushState(null, '', '/'); dispatchEvent(new PopStateEvent('popstate'))")
    await page.get_by_role("button", name="Account and devices").click()
    await expect(page.get_by_text("Your devices are not loaded yet.")).to_be_visible()
    await fits(ada)
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("it hears of it as soon as it can")).to_be_visible()
    await fits(ada)
