"""A small vocabulary for the codecs' tests: they must work for any, not for the chat's only."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Ask(Struct, frozen=True, tag="ask", tag_field="type", omit_defaults=True):
    room: str
    text: Annotated[str, Meta(min_length=1, max_length=8)]
    count: Annotated[int, Meta(ge=1, lt=10)] = 1
    ratio: Annotated[float, Meta(gt=0, le=1)] = 1.0
    loud: bool = False
    names: list[str] = []
    ref: int | str | None = None


class Idle(Struct, frozen=True, tag="idle", tag_field="type", omit_defaults=True):
    ref: int | str | None = None


class Told(Struct, frozen=True, tag="told", tag_field="type", omit_defaults=True):
    room: str
    text: str = ""


class Quiet(Struct, frozen=True, tag="quiet", tag_field="type"):
    pass


class Answer(Struct, frozen=True):
    number: int


Commands = Ask | Idle
