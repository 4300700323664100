"""The connection breaks, the server goes away, the page is reloaded: nothing is lost and nothing shows twice."""

from __future__ import annotations

from playwright.async_api import WebSocketRoute, expect

from .conftest import ONE_LOOP, House, NewPerson
from .refusals import Refusals

pytestmark = ONE_LOOP


async def test_a_message_waits_for_the_server_and_is_delivered_once(person: NewPerson, house: House) -> None:
    ada, bob = await person(), await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await ada.say("before")
    await bob.sign_up("bob", path="/r/kitchen")
    await bob.page.get_by_role("button", name="Join #kitchen").click()
    await bob.sees("before")

    await house.stop()
    await expect(ada.state_line).to_contain_text("Reconnecting")
    await ada.say("during")
    await expect(ada.messages).to_have_text(["before", "during"])
    await expect(ada.page.locator(".row-queued")).to_contain_text("Waiting for the connection")

    # There is nobody to connect to, but asking does no harm.
    await ada.page.get_by_role("button", name="Try now").click()
    await expect(ada.state_line).to_contain_text("Reconnecting")

    await house.start()
    for one in (ada, bob):
        await one.is_connected()
        await one.sees("before", "during")


async def test_the_outbox_survives_a_reload(person: NewPerson, house: House) -> None:
    ada = await person()
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    await house.stop()
    await expect(ada.state_line).to_contain_text("Reconnecting")
    await ada.say("written on the train")
    await expect(ada.page.locator(".row-queued")).to_have_count(1)
    await ada.page.goto("about:blank")
    await house.start()
    await ada.open("/r/kitchen")
    await ada.sees("written on the train")


async def test_a_session_that_was_ended_elsewhere_leads_to_the_form(person: NewPerson) -> None:
    ada, elsewhere = await person(), await person()
    await ada.set_up("ada")
    await elsewhere.open()
    await elsewhere.sign_in("ada")
    await elsewhere.is_connected()
    await ada.page.get_by_role("button", name="Account and devices").click()
    await ada.page.get_by_role("button", name="End the session").click()
    await expect(elsewhere.page.get_by_text("You have been signed out on this device")).to_be_visible()
    await expect(ada.page.locator(".device")).to_have_count(1)
    await ada.page.get_by_role("button", name="Close").click()
    await ada.is_connected()


async def test_a_refused_message_can_be_discarded_or_tried_again(person: NewPerson) -> None:
    ada = await person()
    refusals = Refusals("send")
    await refusals.between(ada.page)
    await ada.set_up("ada")
    await ada.create_room("Kitchen")
    failed = ada.page.locator(".row-failed")
    await ada.say("one")
    await expect(failed).to_contain_text("Not sent. You are not a member of this room.")
    await failed.get_by_role("button", name="Discard").click()
    await expect(ada.messages).to_have_count(0)
    await ada.say("two")
    await expect(failed).to_have_count(1)
    refusals.over = True
    await failed.get_by_role("button", name="Retry").click()
    await ada.sees("two")


async def test_a_login_that_expires_on_an_open_page_is_told(person: NewPerson) -> None:
    ada = await person()
    sides: list[WebSocketRoute] = []

    def between(page_side: WebSocketRoute) -> None:
        page_side.connect_to_server()
        sides.append(page_side)

    await ada.page.route_web_socket("**/ws", between)
    await ada.set_up("ada", room="Kitchen")
    await sides[-1].close(code=4501, reason="session expired")
    await expect(ada.page.get_by_text("it has expired")).to_be_visible()
    await expect(ada.page.get_by_label("User name")).to_have_value("ada")
    await ada.sign_in("ada")
    await expect(ada.composer).to_be_visible()
