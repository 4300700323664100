"""What the Structs of the vocabulary say about themselves fits what they are."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from hubbub import vocabulary
from hubbub.vocabulary.declaration import CommandBase, EventBase, ReplyBase, SignalBase, declared, reply_of, tag_of
from hubbub.vocabulary.describe.rest import path_parameters
from hubbub.vocabulary.describe.schema import COMMANDS, UNIONS, docstring, example_of
from hubbub.vocabulary.keys import all_structs

BASES = {"Command": CommandBase, "Event": EventBase, "Signal": SignalBase, "Reply": ReplyBase}
ALL = [struct for members in UNIONS.values() for struct in members]


def is_subclass(one: object, base: type) -> bool:
    return isinstance(one, type) and issubclass(one, base)


@pytest.mark.parametrize("union", UNIONS)
def test_each_union_has_its_kind_only_and_all_of_it(union: str) -> None:
    exported = {name: getattr(vocabulary, name) for name in vocabulary.__all__}
    kinds = {name for name, one in exported.items() if is_subclass(one, BASES[union])}
    inside = {"CommandBase", "RoomState"}
    assert kinds - inside == {struct.__name__ for struct in UNIONS[union]}


def test_all_that_may_stand_in_a_frame_is_exported() -> None:
    assert {struct.__name__ for struct in all_structs()} <= set(vocabulary.__all__)


@pytest.mark.parametrize("struct", ALL, ids=lambda struct: struct.__name__)
def test_each_has_a_docstring_and_an_example_of_itself(struct: type[Struct]) -> None:
    assert docstring(struct)
    example = example_of(struct)
    assert type(example) is struct
    assert msgspec.json.decode(msgspec.json.encode(example), type=struct) == example


@pytest.mark.parametrize("command", COMMANDS, ids=tag_of)
def test_a_command_has_a_reply_and_the_docstring_names_no_other(command: type[CommandBase[Any]]) -> None:
    assert reply_of(command) in UNIONS["Reply"]
    named = re.search(r"Reply: `(\w+)`", docstring(command))
    assert named is None or named[1] == reply_of(command).__name__
    assert "ref" in command.__struct_fields__


@pytest.mark.parametrize("command", COMMANDS, ids=tag_of)
def test_what_makes_its_work_and_path_are_fields_of_the_command(command: type[CommandBase[Any]]) -> None:
    said = command.declared
    assert said.work.units or said.work.per_kib_of_text
    assert not said.work.per_kib_of_text or "text" in command.__struct_fields__
    assert not said.joined or "room" in command.__struct_fields__
    if said.rest is not None:
        fields = set(command.__struct_fields__)
        assert {*path_parameters(said.rest.path), *said.rest.without} <= fields
        assert set(said.rest.never) <= set(said.errors)


def test_every_reply_answers_some_command() -> None:
    assert {reply_of(command) for command in COMMANDS} == set(UNIONS["Reply"])


def test_a_subclass_of_a_command_costs_and_may_what_the_command_does() -> None:
    class Follow(vocabulary.Join, frozen=True):
        pass

    assert Follow.declared is vocabulary.Join.declared
    with pytest.raises(TypeError):
        declared(Follow)  # it is no part of the vocabulary
