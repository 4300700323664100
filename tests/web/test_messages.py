"""Texts of messages as a browser shows them: nothing is broken or wider than the screen, and none stops the page."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from .conftest import ONE_LOOP, NewPerson
from .looks import check
from .talk import say_all

pytestmark = ONE_LOOP

WORD = "Donaudampfschifffahrtsgesellschaft"
TABLE = f"| Name | Count | What it is for |\n|:--|:-:|--:|\n| {WORD} | 1 | {'a long text ' * 9}|\n| x | 2 | y | more |"
CODE = "```python\nif wide:\n\treturn '" + "a line that is too long " * 20 + "'\n```"
LISTS = "1. a\n2. b\n4. c\n\n10) d\n\n- [ ] to do\n- [x] done\n  - nested"
TEXTS = (
    TABLE,
    CODE,
    LISTS,
    "# One\n## Two\n### Three\n#### Four\n##### Five\n###### Six\nTitle\n===\n> quote\n>> in a quote",
    "¯\\_(ツ)_/¯ \\\\server\\share файл_отчёта_новый.txt (www.example.org/a_(b)) https://example.com/docs。谢谢",
    "    blanks  and\ttabs\nمرحبا **بالعالم**\n\n***both*** `code` [link](https://example.org) " + "long" * 100,
)
ELEMENTS_MAX = 510

LINES = """cell => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  return range.getClientRects().length;
}"""
"""Of an element's text."""
SCROLLED = """one => one.scrollLeft > 0 || new Promise((done) => {
  one.addEventListener("scroll", () => done(true), { once: true });
})"""
"""Waits until it has."""


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True), (320, False)])
async def test_texts_fit_the_screen_and_axe_finds_nothing(person: NewPerson, width: int, dark: bool) -> None:
    ada = await person(dark=dark)
    page = ada.page
    await ada.set_up("ada", "Ada Okafor")
    await ada.create_room("Kitchen")
    await page.set_viewport_size({"width": width, "height": 800})
    for text in TEXTS:
        await ada.say(text)
    await expect(ada.messages).to_have_count(len(TEXTS))
    await check(page, f"texts at {width}")
    wide = """[...document.querySelectorAll(".prose, .prose *")]
        .filter((element) => !element.parentElement.closest("pre, .table"))
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
        .map((element) => element.outerHTML)"""
    assert await page.evaluate(wide) == []
    values = "items => items.map((item) => item.value)"
    assert await page.locator(".prose ol > li").evaluate_all(values) == [1, 2, 4, 10]
    sizes = await page.locator(".prose .heading").evaluate_all(
        "all => all.map((one) => parseFloat(getComputedStyle(one).fontSize))"
    )
    assert sizes == [*sorted(set(sizes), reverse=True), sizes[0]]  # six, each smaller, and "Title" as the first


async def test_a_wide_table_scrolls_and_breaks_no_word(person: NewPerson) -> None:
    ada = await person(phone=True)
    await ada.set_up("ada", "Ada Okafor")
    await ada.create_room("Kitchen")
    await ada.say(TABLE)
    await ada.say(CODE)
    table = ada.page.locator(".prose .table")
    cells = table.locator("tbody tr").first.locator("td")
    assert await cells.first.evaluate(LINES) == 1
    aligned = "cells => cells.map((cell) => getComputedStyle(cell).textAlign)"
    assert await cells.evaluate_all(aligned) == ["left", "center", "right"]
    for scrolled in (table, ada.page.locator(".prose pre")):
        await scrolled.focus()
        await ada.page.keyboard.press("ArrowRight")
        await expect(scrolled).to_be_focused()
        assert await scrolled.evaluate(SCROLLED)
    await expect(ada.page.locator(".prose pre")).to_contain_text("if wide:\n\treturn", use_inner_text=False)


@pytest.mark.parametrize(
    "bomb",
    [
        f"|{'|' * 5_400}\n|{'-|' * 5_400}",
        "|a" * 32 + "|\n" + "|-" * 32 + "|\n" + ("|" * 31 + "\n") * 500,
        "*a* " * 4_000,
        "> " * 8_000 + "a",
        "- [ ] a\n" * 1_500,
    ],
    ids=["wide table", "long table", "emphasis", "quotes", "tasks"],
)
async def test_a_text_that_would_be_too_many_elements_does_not_stop_the_page(person: NewPerson, bomb: str) -> None:
    ada = await person()
    await ada.set_up("ada", "Ada Okafor")
    await ada.create_room("Kitchen")
    # Not by the message field: Chromium takes 8 s of a processor to lay out 1,500 lines in any textarea.
    await say_all("ada", ada.url, [bomb])
    await expect(ada.messages).to_have_count(1)
    await ada.say("still here")
    await expect(ada.messages).to_have_count(2)
    await expect(ada.messages.last).to_have_text("still here")
    assert await ada.page.locator(".prose").first.locator("*").count() < ELEMENTS_MAX
    assert await ada.messages.first.evaluate("one => one.textContent.match(/a/g)?.length ?? 0") == bomb.count("a")
