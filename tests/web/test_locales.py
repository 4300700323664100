"""What the app writes in the reader's language fits, whatever that language makes of it."""

from __future__ import annotations

import pytest

from .conftest import ONE_LOOP, NewPerson
from .person import Person
from .talk import frames, say_all

pytestmark = ONE_LOOP

SIZES = [(1280, 800), (390, 844), (320, 640)]

_ROWS = """
() => {
  const left = document.querySelector(".timeline").getBoundingClientRect().left;
  return [...document.querySelectorAll(".row-message:not(.row-first)")].map((row) => {
    const main = row.querySelector(".row-main").getBoundingClientRect();
    const time = row.querySelector(".row-gutter time").getBoundingClientRect();
    const { paddingTop, paddingBottom } = getComputedStyle(row);
    return {
      // What the gutter adds to the height of the row.
      added: row.getBoundingClientRect().height - main.height - parseFloat(paddingTop) - parseFloat(paddingBottom),
      before: main.left - time.right,
      after: time.left - left,
    };
  });
}
"""

_SPILLS = """
() => [document.documentElement, document.querySelector(".timeline"), document.querySelector(".room-nav")]
  .filter((element) => element !== null && element.scrollWidth > element.clientWidth)
  .map((element) => element.className || element.tagName)
"""

_LINES = """
selector => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility()).map((element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  const tops = new Set([...range.getClientRects()].map((box) => Math.round(box.top / 4)));
  return tops.size;
})
"""

_TITLES = """
() => [...document.querySelectorAll(".nav-item[data-room] .nav-title")].filter((element) => element.checkVisibility())
  .map((element) => element.getBoundingClientRect().width)
"""


@pytest.mark.parametrize("locale", ["en-US", "de", "ar-EG", "ja", "hi"])
async def test_times_and_days_fit_in(person: NewPerson, locale: str) -> None:
    ada = await person(locale=locale)
    await ada.page.clock.install()
    await ada.set_up("ada", "آدا")
    await ada.create_room("Kitchen")
    await say_all("ada", ada.url, [f"line {number}" for number in range(1, 6)])
    await ada.page.get_by_text("line 5", exact=True).wait_for()
    for days in (0, 3, 200):  # today, a day of the week, a date
        await ada.page.clock.fast_forward(days * 24 * 3_600_000)
        for width, height in SIZES:
            await ada.page.set_viewport_size({"width": width, "height": height})
            await frames(ada.page)
            await a_conversation_fits(ada)
            if width >= 720:
                await a_list_fits(ada)
                continue
            await ada.page.get_by_role("button", name="Back to rooms").click()
            await ada.room("Kitchen").wait_for()
            await a_list_fits(ada)
            await ada.go_to("Kitchen")
            await ada.page.get_by_text("line 5", exact=True).wait_for()


async def a_conversation_fits(ada: Person) -> None:
    rows = await ada.page.evaluate(_ROWS)
    assert len(rows) == 4
    for row in rows:
        assert row["added"] == 0
        assert row["before"] >= 0
        assert row["after"] >= 0
    assert set(await ada.page.evaluate(_LINES, ".row-day h3, .row-head time, .row-gutter time")) == {1}
    assert await ada.page.evaluate(_SPILLS) == []


async def a_list_fits(ada: Person) -> None:
    assert min(await ada.page.evaluate(_TITLES)) >= 80
    assert set(await ada.page.evaluate(_LINES, ".nav-time")) == {1}
    assert await ada.page.evaluate(_SPILLS) == []
