"""Appending a group to the log: one call of one function of the database, which does it all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubbub.store.codec import MAX_INTEGER, about_of, body_of, kind_of
from hubbub.store.protocols import Appended, Draft, Refused
from hubbub.vocabulary import Event, Message, ReactionAdded, ReactionRemoved, RoomChanged, RoomCreated

from .session import Connection
from .texts import escape, texts

_MESSAGES: Final = "SELECT outcome, seq, ts FROM append_messages($1, $2, $3, $4, $5)"
_EVENTS: Final = """
SELECT refusal, seq, ts, repeat FROM append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""

_REPEAT: Final = 1
_REFUSALS: Final = {2: "unknown_room", 3: "room_forbidden", 4: "nonce_reused"}


async def append(connection: Connection, drafts: Sequence[Draft], stamps: Sequence[int]) -> list[Appended | Refused]:
    """One outcome per draft. `stamps`: the time of each.

    Plain messages, which are nearly all, have a function of their own: it takes them all together.
    """
    if all(map(_is_plain, drafts)):
        return await _append_messages(connection, drafts, stamps)
    events = [draft.event for draft in drafts]
    abouts = [about_of(event) for event in events]
    rows = await connection.fetch(
        _EVENTS,
        texts(event.room for event in events),
        [draft.sender_id for draft in drafts],
        [kind_of(event) for event in events],
        [None if about is None else min(about, MAX_INTEGER) for about in abouts],
        [None if draft.nonce is None else escape(draft.nonce) for draft in drafts],
        texts(map(body_of, events)),
        stamps,
        [draft.own for draft in drafts],
        [draft.expected_head for draft in drafts],
        texts(event.title if isinstance(event, RoomCreated | RoomChanged) else "" for event in events),
        texts(event.topic if isinstance(event, RoomCreated | RoomChanged) else "" for event in events),
        texts(map(_emoji, events)),
    )
    return [Appended(seq, ts, repeat) if refusal is None else Refused(refusal) for refusal, seq, ts, repeat in rows]


def _is_plain(draft: Draft) -> bool:
    """Whether it is a message that depends on nothing but its room."""
    event = draft.event
    return type(event) is Message and event.reply_to is None and draft.nonce is not None and draft.expected_head is None


async def _append_messages(
    connection: Connection, drafts: Sequence[Draft], stamps: Sequence[int]
) -> list[Appended | Refused]:
    rows = await connection.fetch(
        _MESSAGES,
        texts(draft.event.room for draft in drafts),
        [draft.sender_id for draft in drafts],
        texts(draft.nonce or "" for draft in drafts),
        stamps,
        texts(body_of(draft.event) for draft in drafts),
    )
    return [_outcome(code, seq, ts) for code, seq, ts in rows]


def _outcome(code: int, seq: int, ts: int) -> Appended | Refused:
    refusal = _REFUSALS.get(code)
    return Appended(seq, ts, repeat=code == _REPEAT) if refusal is None else Refused(refusal)


def _emoji(event: Event) -> str:
    return event.emoji if isinstance(event, ReactionAdded | ReactionRemoved) else ""
