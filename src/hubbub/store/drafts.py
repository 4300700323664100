"""Drafts of what a room's life consists of."""

from __future__ import annotations

from hubbub.vocabulary import MemberJoined, MemberLeft, RoomCreated, RoomId, User, UserId

from .protocols import Draft


def creation(room: RoomId, title: str, topic: str, user_id: UserId, user: User) -> list[Draft]:
    """A room and its first member, for one call of `append`: either both are refused or none."""
    created = RoomCreated(room, 0, user.name, 0, title, topic)
    return [Draft(created, user_id), Draft(MemberJoined(room, 0, user.name, 0, user.title), user_id, expected_head=1)]


def joining(room: RoomId, user_id: UserId, user: User) -> Draft:
    return Draft(MemberJoined(room, 0, user.name, 0, user.title), user_id)


def leaving(room: RoomId, user_id: UserId, user: User) -> Draft:
    return Draft(MemberLeft(room, 0, user.name, 0), user_id)
