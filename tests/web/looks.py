"""How a page looks to those who check it: axe, and the edges of the screen."""

from __future__ import annotations

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from .person import Person

_SERIOUS = {"serious", "critical"}


async def check(page: Page, view: str) -> None:
    """Raises AssertionError with what axe found."""
    await page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
    results = await Axe().run(page)
    found = [violation for violation in results.response["violations"] if violation["impact"] in _SERIOUS]
    assert not found, f"{view}: {[(one['id'], [node['html'] for node in one['nodes']]) for one in found]}"


async def fits(person: Person) -> None:
    """Nothing is wider than the screen."""
    widths = "[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]"
    document, body, screen = await person.page.evaluate(widths)
    assert document <= screen
    assert body <= screen
    wide = await person.page.evaluate(
        """[...document.querySelectorAll("#app *")]
          .filter((element) => element.checkVisibility() && !element.closest(".scene, .sr-only, pre"))
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
          .map((element) => element.className)"""
    )
    assert wide == []
