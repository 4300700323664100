"""What a reaction may be."""

from __future__ import annotations

import unicodedata
from importlib import resources

import pytest

from hubbub.chat.emoji import canonical
from hubbub.errors import BadField

EMOJI = resources.files("hubbub.chat").joinpath("emoji.txt").read_text(encoding="utf-8").split()


def test_every_emoji_is_one_with_and_without_its_variation_selector() -> None:
    assert len(EMOJI) > 3_900
    for emoji in EMOJI:
        assert canonical(emoji) == canonical(emoji.replace("\ufe0f", "")) == emoji


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("❤", "❤️"),
        ("👍🏽", "👍🏽"),
        ("🇩🇪", "🇩🇪"),
        ("1⃣", "1️⃣"),
        ("🏳‍🌈", "🏳️‍🌈"),
        ("👩‍❤‍👨", "👩‍❤️‍👨"),
        ("👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦"),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"),
        ("👍\ufe0f", "👍"),
    ],
)
def test_one_picture_is_written_in_one_way(given: str, kept: str) -> None:
    assert canonical(given) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "1",
        "#",
        ":+1:",
        "+1",
        "👍👍",
        "👍 ",
        "❤\ufe0e",
        "🏽",
        "🇩",
        "\ufe0f",
        "\u200d",
        "👍\u200d",
        "Ⓜ️x",
        "\0",
        "é",
    ],
)
def test_all_else_is_none(text: str) -> None:
    with pytest.raises(BadField, match="'emoji'"):
        canonical(text)


def test_no_single_letter_or_digit_is_an_emoji() -> None:
    assert not [emoji for emoji in EMOJI if len(emoji) == 1 and unicodedata.category(emoji)[0] in "LNZ"]
