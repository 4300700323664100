"""Encoded values sort as the values do, and begin with one another as their tuples do."""

from __future__ import annotations

from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from hubbub.store.records import Value
from hubbub.store.records.ordering import after, beyond, encode

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.text("\0\x01\xffa", max_size=4)
BYTES = st.binary(max_size=6) | st.binary(max_size=4).map(lambda raw: bytes(byte & 1 and 255 for byte in raw))
INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-300, 300)

Values: TypeAlias = tuple[Value, ...]


def pairs(*kinds: st.SearchStrategy[Value]) -> st.SearchStrategy[tuple[Values, Values]]:
    """Two tuples of the same types, perhaps of different lengths."""
    one = st.tuples(*kinds).flatmap(lambda values: st.integers(0, len(values)).map(lambda n: values[:n]))
    return st.tuples(one, one)


KINDS: list[st.SearchStrategy[Value]] = [TEXTS, BYTES, INTEGERS]

SAME_TYPES = st.lists(st.sampled_from(KINDS), min_size=1, max_size=3).flatmap(lambda kinds: pairs(*kinds))


@given(SAME_TYPES)
def test_encoded_values_sort_as_the_values_do(values: tuple[Values, Values]) -> None:
    one, other = values
    assert (encode(one) < encode(other)) == (one < other)
    assert (encode(one) == encode(other)) == (one == other)


@given(SAME_TYPES)
def test_what_begins_with_a_prefix_lies_before_what_is_beyond_it(values: tuple[Values, Values]) -> None:
    prefix, other = encode(values[0]), values[1]
    inside = prefix <= encode(other) < beyond(prefix)
    assert inside == (other[: len(values[0])] == values[0])


@given(SAME_TYPES)
def test_nothing_lies_between_a_value_and_the_next(values: tuple[Values, Values]) -> None:
    one, other = encode(values[0]), encode(values[1])
    assert not one < other < after(one)
