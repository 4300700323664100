"""Writing: with an input method, with fingers, and far too much at once."""

from __future__ import annotations

from playwright.async_api import expect

from .conftest import ONE_LOOP, NewPerson
from .person import Person
from .talk import pixels_below

pytestmark = ONE_LOOP

PHONE = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 800}}

_ENTER_OF_SAFARI = """
field => field.dispatchEvent(
  new KeyboardEvent("keydown", { key: "Enter", keyCode: 229, isComposing: false, bubbles: true, cancelable: true })
)
"""

_COUNT_MEASURING = """
() => {
  const { get } = Object.getOwnPropertyDescriptor(Element.prototype, "scrollHeight");
  window.measured = [];
  Object.defineProperty(HTMLTextAreaElement.prototype, "scrollHeight", {
    get() {
      window.measured.push(this.value.length);
      return get.call(this);
    },
  });
}
"""


async def in_kitchen(one: Person) -> None:
    await one.set_up("ada")
    await one.create_room("Kitchen")


async def test_enter_that_ends_a_composition_in_safari_sends_nothing(person: NewPerson) -> None:
    ada = await person()
    await in_kitchen(ada)
    await ada.composer.fill("にほん")
    # Safari: the composition has ended, isComposing is false, and only the key code tells.
    assert await ada.composer.evaluate(_ENTER_OF_SAFARI), "the key press was taken from the input method"
    await expect(ada.composer).to_have_value("にほん")
    await ada.composer.press("Enter")
    await ada.sees("にほん")


async def test_the_keys_of_an_input_method_choose_no_room(person: NewPerson) -> None:
    ada = await person()
    await in_kitchen(ada)
    await ada.create_room("Balcony")
    await ada.page.keyboard.press("Control+k")
    field = ada.page.get_by_role("combobox", name="Room name")
    await field.fill("kit")
    assert await field.evaluate(_ENTER_OF_SAFARI)
    await expect(field).to_be_visible()
    await field.press("Enter")
    await expect(ada.page.get_by_role("heading", name="Kitchen", level=1)).to_be_visible()


async def test_with_fingers_enter_starts_a_line_and_the_button_sends(person: NewPerson) -> None:
    ada = await person(**PHONE)
    await in_kitchen(ada)
    await ada.composer.tap()
    await ada.page.keyboard.type("one")
    await ada.page.keyboard.press("Enter")
    await ada.page.keyboard.type("two")
    await expect(ada.composer).to_have_value("one\ntwo")
    await expect(ada.composer).to_have_attribute("enterkeyhint", "enter")
    await ada.page.get_by_role("button", name="Send").tap()
    await expect(ada.messages).to_have_count(1)
    assert await ada.messages.inner_text() == "one\ntwo"
    # The keyboard stays where it is, for the next message.
    await expect(ada.composer).to_be_focused()
    await expect(ada.composer).to_have_value("")
    assert await pixels_below(ada.page) <= 1


async def test_a_megabyte_on_one_line_is_cut_and_never_measured(person: NewPerson) -> None:
    ada = await person(permissions=["clipboard-read", "clipboard-write"])
    await in_kitchen(ada)
    await ada.page.evaluate(_COUNT_MEASURING)
    await ada.page.evaluate("text => navigator.clipboard.writeText(text)", "x" * 1_000_000)
    await ada.composer.press("a")
    await ada.composer.press("Control+v")
    note = ada.page.get_by_text("Too long: the last 967,233 characters were left out")
    await expect(note).to_be_visible()
    assert len(await ada.composer.input_value()) == 32_768
    await ada.composer.press("b")  # there is no room for it
    await expect(note).to_be_visible()
    await ada.composer.press("Backspace")
    await expect(note).to_have_count(0)
    await expect(ada.page.get_by_text("16,383 bytes too long")).to_be_visible()
    assert max(await ada.page.evaluate("measured")) <= 10_000
    box = await ada.composer.bounding_box()
    assert box is not None
    assert box["height"] <= 320
    # What is there can be used.
    await ada.composer.press("Control+a")
    await ada.composer.press("c")
    await ada.composer.press("Enter")
    await ada.sees("c")
