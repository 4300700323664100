"""What an author of a client is told about a command that was not understood."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Struct

from hubbub.errors import BadField, BadJson, HubbubError, TooManyAttempts
from hubbub.wire.rejection import CommandError, command_types, error_json, explain

from .vocabulary import Ask, Commands, Idle


class Untagged(Struct):
    pass


class NumberTag(Struct, tag_field="type", tag=1):
    pass


class OtherField(Struct, tag_field="kind", tag="x"):
    pass


def complaint(json: str, kind: Any = Ask) -> HubbubError:
    with pytest.raises(msgspec.DecodeError) as caught:
        msgspec.json.decode(json, type=kind)
    return explain(caught.value)


@pytest.mark.parametrize(
    ("json", "message"),
    [
        ('{"text":"a"}', "The field 'room' is missing."),
        ('{"room":1,"text":"a"}', "The field 'room' must be a string."),
        ('{"room":"a","text":null}', "The field 'text' must be a string."),
        ('{"room":"a","text":""}', "The field 'text' must have at least 1 characters."),
        ('{"room":"a","text":"123456789"}', "The field 'text' must have at most 8 characters."),
        ('{"room":"a","text":"a","count":0}', "The field 'count' must be at least 1."),
        ('{"room":"a","text":"a","count":10}', "The field 'count' must be at most 9."),
        ('{"room":"a","text":"a","count":"1"}', "The field 'count' must be a whole number."),
        ('{"room":"a","text":"a","count":1.5}', "The field 'count' must be a whole number."),
        ('{"room":"a","text":"a","ratio":0}', "The field 'ratio' must be more than 0.0."),
        ('{"room":"a","text":"a","ratio":2}', "The field 'ratio' must be at most 1.0."),
        ('{"room":"a","text":"a","ratio":[]}', "The field 'ratio' must be a number."),
        ('{"room":"a","text":"a","loud":1}', "The field 'loud' must be true or false."),
        ('{"room":"a","text":"a","names":{}}', "The field 'names' must be a list."),
        ('{"room":"a","text":"a","names":[1]}', "The field 'names' must be a string."),
        ('{"room":"a","text":"a","ref":{}}', "The field 'ref' must be a whole number or a string or null."),
    ],
)
def test_a_wrong_field_is_named_with_its_rule(json: str, message: str) -> None:
    error = complaint(json)
    assert isinstance(error, BadField)
    assert error.message == message


def test_an_integer_that_no_decoder_takes_names_its_field() -> None:
    error = complaint('{"room":"a","text":"a","count":%s}' % ("9" * 5000))
    assert isinstance(error, BadField)
    assert error.message == "The field 'count' has a value that is not allowed."


def test_a_rule_without_a_field_says_nothing_of_the_library() -> None:
    error = complaint("1")
    assert isinstance(error, BadField)
    assert error.message == BadField.message


def test_a_type_that_has_no_name_of_ours_is_not_named() -> None:
    class Odd(Struct):
        when: msgspec.Raw | bytes

    class Day(Struct):
        at: dict[str, int] | None

    assert complaint('{"at":1}', Day).message == "The field 'at' must be an object or null."
    error = explain(msgspec.ValidationError("Expected `uuid`, got `int` - at `$.id`"))
    assert error.message == "The field 'id' must be of another type."


def test_broken_json_and_deep_nesting_are_no_object() -> None:
    assert isinstance(explain(msgspec.DecodeError("JSON is malformed")), BadJson)
    assert isinstance(explain(RecursionError()), BadJson)


def test_an_error_carries_its_code_message_and_whether_to_retry() -> None:
    assert msgspec.json.decode(error_json(TooManyAttempts())) == {
        "code": "too_many_attempts",
        "message": TooManyAttempts.message,
        "retryable": True,
    }


def test_a_command_error_reads_like_its_error() -> None:
    assert str(CommandError(BadField("The field 'a' is missing."), 3)) == "The field 'a' is missing."


def test_commands_are_found_by_their_tags() -> None:
    assert command_types(Commands) == {"ask": Ask, "idle": Idle}
    assert command_types(Idle) == {"idle": Idle}


@pytest.mark.parametrize("commands", [int, Untagged, NumberTag, OtherField, Ask | Untagged, None])
def test_what_is_no_tagged_union_is_refused(commands: Any) -> None:
    with pytest.raises(TypeError, match="tagged"):
        command_types(commands)
