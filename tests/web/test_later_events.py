"""A server of this version passes on what a later one has stored: the app shows the rest, in order, and goes on."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from hubbub.config import Config
from tests.support.later import plant_in_sqlite

from .conftest import ONE_LOOP, House, NewPerson
from .person import Person

pytestmark = ONE_LOOP

TS = 1_790_000_000_000
ROOM = "kitchen"


def plant(config: Config, count: int = 1) -> None:
    for _ in range(count):
        plant_in_sqlite(Path(config.data) / "hubbub.db", ROOM, "ada", TS)


async def test_live_and_after_a_reload(house: House, person: NewPerson, config: Config) -> None:
    ada: Person = await person()
    await ada.set_up("ada", room="Kitchen")
    await expect(ada.page.get_by_role("heading", name="Kitchen", level=1)).to_be_visible()
    plant(config, 2)
    await ada.say("one")
    await ada.say("two")
    await expect(ada.messages).to_have_text(["one", "two"])
    await expect(ada.page.locator(".row-queued, .row-sending, .row-failed")).to_have_count(0)
    await ada.page.reload()
    await ada.is_connected()
    await expect(ada.messages).to_have_text(["one", "two"])
    await ada.say("three")
    await expect(ada.messages).to_have_text(["one", "two", "three"])
    await expect(ada.page.locator(".row-queued, .row-sending, .row-failed")).to_have_count(0)
    await expect(ada.page.locator(".row-line")).to_have_count(2)  # created, joined


async def test_more_of_them_than_a_page_holds(house: House, person: NewPerson, config: Config) -> None:
    ada: Person = await person()
    await ada.set_up("ada", room="Kitchen")
    await expect(ada.page.get_by_role("heading", name="Kitchen", level=1)).to_be_visible()
    await house.stop()
    plant(config, 250)
    await house.start()
    await ada.open(f"/r/{ROOM}")
    await ada.is_connected()
    await ada.say("after all of them")
    await expect(ada.messages).to_have_text(["after all of them"])
    await expect(ada.page.locator(".row-line").first).to_be_visible()
