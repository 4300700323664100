"""Every text has its own form that PostgreSQL can hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubbub.store.postgres.texts import decode, encode, escape, texts, unescape

strange = st.text(st.sampled_from("\0\x100ab"))


@given(strange | st.text())
def test_a_text_comes_back(text: str) -> None:
    assert "\0" not in escape(text)
    assert unescape(escape(text)) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_comes_back_as_bytes(text: str) -> None:
    assert decode(encode(text)) == text


@given(strange, strange)
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert (escape(one) == escape(other)) == (one == other)


def test_what_is_stored() -> None:
    assert texts(["plain", "a\0b", "\x100"]) == ["plain", "a\x100b", "\x10\x100"]
