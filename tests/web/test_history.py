"""Long conversations."""

from __future__ import annotations

import asyncio

from playwright.async_api import expect

from hubbub.client import Api, Client

from .conftest import ONE_LOOP, NewPerson
from .person import PASSWORD, Person

pytestmark = ONE_LOOP

COUNT = 450

_SCROLL_UP = """
async () => {
  const view = document.querySelector(".timeline");
  const bottom = (row) => row.getBoundingClientRect().bottom - view.getBoundingClientRect().top;
  const moved = new Set();
  let most = 0;
  for (let i = 0; i < 400 && !document.querySelector(".timeline-start"); i++) {
    const shown = [...document.querySelectorAll("[data-key^=m]")];
    const seen = shown.find((row) => row.offsetTop > view.scrollTop + 50);
    const before = bottom(seen);
    const wanted = Math.min(300, view.scrollTop);
    view.scrollTop -= wanted;
    await new Promise((done) => setTimeout(done, 30));
    const after = document.querySelector(`[data-key="${seen.dataset.key}"]`);
    moved.add(Math.round(bottom(after) - before - wanted));
    most = Math.max(most, shown.length);
  }
  return { moved: [...moved], most, start: document.querySelector(".timeline-start") !== null };
}
"""


async def kitchen_with_messages(ada: Person, title: str = "") -> None:
    await ada.set_up("ada", title)
    await ada.create_room("Kitchen")
    await ada.page.goto("about:blank")  # nobody watches them arrive
    await say_lines("ada", ada.url, COUNT)
    await ada.open("/r/kitchen")
    await expect(ada.messages.last).to_have_text(f"line {COUNT}")


async def say_lines(name: str, url: str, count: int) -> None:
    """From another device of theirs, without waiting for one before the next."""
    token = (await Api(url).sign_in(name, PASSWORD, device="many lines")).token
    async with Client(url, token) as client:
        await client.join("kitchen")
        await asyncio.gather(*(client.send("kitchen", f"line {number}") for number in range(1, count + 1)))


async def test_scrolling_up_loads_history_and_keeps_the_place(person: NewPerson) -> None:
    ada = await person()
    await kitchen_with_messages(ada)
    result = await ada.page.evaluate(_SCROLL_UP)
    assert result["start"], "the beginning was never reached"
    # What the reader looks at moves by what was scrolled, and by nothing else.
    assert max(abs(pixels) for pixels in result["moved"]) <= 1
    assert result["most"] <= 400
    await expect(ada.messages.first).to_have_text("line 1")
    await ada.page.get_by_role("button", name="Latest").click()
    await expect(ada.messages.last).to_have_text(f"line {COUNT}")
    await expect(ada.messages.last).to_be_in_viewport()


_JUMP_UP = """
async () => {
  const view = document.querySelector(".timeline");
  const rows = () => [...document.querySelectorAll("[data-key^=m]")];
  const bottom = (key) => document.querySelector(`[data-key="${key}"]`).getBoundingClientRect().bottom;
  const moved = [];
  while (!document.querySelector(".timeline-start")) {
    view.scrollTop = 0;
    const key = rows()[2].dataset.key;
    const first = rows()[0].dataset.key;
    const before = bottom(key);
    while (rows()[0].dataset.key === first) {
      await new Promise(requestAnimationFrame);
      moved.push(Math.round(bottom(key) - before));
    }
  }
  return moved;
}
"""


async def test_at_the_upper_edge_older_messages_come_without_moving_what_is_there(person: NewPerson) -> None:
    ada = await person()
    await kitchen_with_messages(ada)
    moved = await ada.page.evaluate(_JUMP_UP)
    assert max(abs(pixels) for pixels in moved) <= 1
    await expect(ada.messages.first).to_have_text("line 1")


async def test_saying_something_from_far_above_leads_to_the_end(person: NewPerson) -> None:
    ada = await person()
    await kitchen_with_messages(ada)
    await ada.page.evaluate(_SCROLL_UP)
    await expect(ada.messages.first).to_have_text("line 1")
    await ada.say("back again")
    await expect(ada.messages.last).to_have_text("back again")
    await expect(ada.messages.last).to_be_in_viewport()


async def test_new_messages_do_not_move_a_reader_who_is_further_up(person: NewPerson) -> None:
    ada, bob = await person(), await person()
    await kitchen_with_messages(ada)
    await bob.sign_up("bob", path="/r/kitchen")
    await bob.page.get_by_role("button", name="Join #kitchen").click()
    await expect(bob.messages.last).to_have_text(f"line {COUNT}")
    await bob.page.locator(".timeline").evaluate("view => { view.scrollTop -= 1500 }")
    jump = bob.page.get_by_role("button", name="Latest")
    await expect(jump).to_be_visible()
    line = bob.page.get_by_text(f"line {COUNT - 40}", exact=True)
    before = await line.bounding_box()
    await ada.say("news")
    await expect(jump).to_contain_text("1")
    assert await line.bounding_box() == before
    await jump.click()
    await expect(bob.messages.last).to_be_in_viewport()
    await expect(bob.room("Kitchen").locator(".badge")).to_have_count(0)


async def test_who_joined_long_ago_is_shown_by_their_display_name(person: NewPerson) -> None:
    ada, bob = await person(), await person(phone=True)  # no list of members beside the conversation
    await kitchen_with_messages(ada, "Ada Okafor")
    await bob.sign_up("bob", path="/r/kitchen")
    await bob.page.get_by_role("button", name="Join #kitchen").click()
    await expect(bob.messages.last).to_have_text(f"line {COUNT}")
    await expect(bob.page.locator(".row-head strong").last).to_have_text("Ada Okafor")
