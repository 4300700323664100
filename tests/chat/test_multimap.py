"""Several values per key, made for the case of one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubbub.chat.multimap import Multimap


class Value:
    """Like a session: equal only to itself."""


VALUES = [Value() for _ in range(4)]
Operation = tuple[bool, str, int]
operations = st.lists(st.tuples(st.booleans(), st.sampled_from("ab"), st.integers(0, 3)), max_size=40)


@given(operations)
def test_it_behaves_as_a_dict_of_lists_would(done: list[Operation]) -> None:
    roster: Multimap[str, Value] = Multimap()
    model: dict[str, list[Value]] = {}
    for adding, key, number in done:
        value = VALUES[number]
        values = model.setdefault(key, [])
        if adding:
            assert roster.add(key, value) is (not values)
            if value not in values:
                values.append(value)
        else:
            assert roster.remove(key, value) is (values == [value])
            if value in values:
                values.remove(value)
        if not values:
            del model[key]
        assert list(roster) == list(model) or set(roster) == set(model)
        assert len(roster) == len(model)
        for key_asked in "ab":
            assert roster.of(key_asked) == tuple(model.get(key_asked, ()))
            assert (key_asked in roster) is (key_asked in model)


def test_one_value_among_others_is_added_once() -> None:
    roster: Multimap[str, Value] = Multimap()
    first, second, _, _ = VALUES
    for value in (first, first, second, second):
        roster.add("a", value)
    assert roster.of("a") == (first, second)
    assert not roster.remove("a", VALUES[2])
    assert not roster.remove("b", first)
    assert not roster.remove("a", first)
    assert roster.remove("a", second)
