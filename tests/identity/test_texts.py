"""What nobody can see is no name and no message, and no name reads as another one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.errors import BadField
from hubbub.identity.names import check_title, clean_device
from hubbub.identity.texts import has_visible, one_line, shown

TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
HIDDEN = st.characters(categories=["Cc", "Cf", "Mn", "Me", "Zs", "Zl", "Zp"]).filter(
    lambda character: unicodedata.bidirectional(character) != "AN"
)
TEXTS = st.text(
    st.one_of(st.characters(codec="utf-8"), HIDDEN, st.sampled_from("ab ❤👩\ufe0f\u200d\u3164")), max_size=30
)
LATIN = st.sampled_from("abcXYZäß1.")


@pytest.mark.parametrize(
    "title",
    [
        "Ada Lovelace",
        "Grüße 👋",
        "日本語　の名前",
        "मनीष क्‍षेत्र",
        "نامه‌ها",
        "👩‍❤️‍👨 and 🏳️‍⚧️",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "🫩 of a later Unicode",
        "שלום",
        "Tiếng Việt",
        "\uf8ff",
    ],
)
def test_names_of_all_scripts(title: str) -> None:
    assert check_title(f" {title} ") == unicodedata.normalize("NFC", title)


@pytest.mark.parametrize(
    "title",
    [
        "\u200b",
        "\u3164",
        "\u2800",
        "\u00ad",
        "\u0301",
        "\U000e0041",
        "A\u200bda",
        "A\u200dda",
        "A\u200cda",
        "A\u2060da",
        "A\u00adda",
        "Ada\ufeff",
        "\u200eAda",
        "Ada\u3164",
        "Room \u202egnp.exe",
        "Room \u2067gnp.exe",
        "Ada\ufffe",
        "a" + "\u0301" * 20,
        "two\nlines",
    ],
)
def test_what_nobody_sees_is_refused(title: str) -> None:
    with pytest.raises(BadField):
        check_title(title)


def test_a_blank_title_is_none() -> None:
    assert check_title(" \u3000 ") == ""


@given(TEXTS)
def test_what_is_taken_can_be_seen_and_stays_as_it_is(text: str) -> None:
    try:
        line = one_line(text, "title")
    except BadField:
        return
    assert not line or has_visible(line)
    assert not TURNING.intersection(map(unicodedata.bidirectional, line))
    assert not {"Cc", "Zl", "Zp", "Cs"}.intersection(map(unicodedata.category, line))
    assert one_line(line, "title") == line
    assert shown(line) == line


@given(TEXTS)
def test_what_is_kept_of_a_devices_name_is_a_line(text: str) -> None:
    kept = clean_device(text)
    assert not kept or has_visible(kept)
    assert not TURNING.intersection(map(unicodedata.bidirectional, kept))


@given(st.text(LATIN, min_size=1), st.text(LATIN, min_size=1), st.characters(categories=["Cf"]))
def test_nothing_hides_between_letters(before: str, after: str, hidden: str) -> None:
    if unicodedata.bidirectional(hidden) != "AN":
        with pytest.raises(BadField):
            one_line(before + hidden + after, "title")


@given(st.text(HIDDEN))
def test_nothing_visible_is_nothing(text: str) -> None:
    assert not has_visible(text)


@given(
    st.text(HIDDEN),
    st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u115f\u1160\u3164\uffa0\u2800\U0001d159"),
)
def test_one_visible_character_is_enough(hidden: str, visible: str) -> None:
    assert has_visible(hidden + visible + hidden)
