"""What a group of drafts depends on beside its rooms, read before it is planned: one query for each kind of fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import apsw
import msgspec

from hubbub.store.codec import MESSAGE, about_of
from hubbub.store.protocols import Draft
from hubbub.vocabulary import MemberJoined, ReactionAdded, ReactionRemoved, RoomCreated, RoomId, Seq, UserId

from .plan import EventRow, Facts, Identity, Room, Stored, Target, is_plain

_STORED = """
SELECT json_group_array(json_array(nonce, sender_key, room_key, seq, ts, kind, about))
FROM json_each(?) AS want
JOIN events ON events.nonce = want.value ->> 0
    AND events.sender_key = want.value ->> 1 AND events.room_key = want.value ->> 2
"""

_TARGETS = f"""
SELECT json_group_array(json_array(events.room_key, events.seq, sender_key, coalesce(deleted, 0), json((
    SELECT json_group_array(json_array(emoji, place, count)) FROM reaction_counts
    WHERE reaction_counts.room_key = events.room_key AND reaction_counts.seq = events.seq))))
FROM json_each(?) AS want
JOIN events ON events.room_key = want.value ->> 0 AND events.seq = want.value ->> 1 AND kind = {MESSAGE}
LEFT JOIN message_states ON message_states.room_key = events.room_key AND message_states.seq = events.seq
"""  # noqa: S608  a constant

_REACTIONS = """
SELECT json_group_array(want.value)
FROM json_each(?) AS want
JOIN reactions ON room_key = want.value ->> 0 AND seq = want.value ->> 1
    AND emoji = want.value ->> 2 AND user_key = want.value ->> 3
"""

_USERS = "SELECT json_group_array(users.key) FROM json_each(?) AS want JOIN users ON users.key = want.value"

_NEXT_ROOM = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'rooms'), 0) + 1"

_encode = msgspec.json.Encoder().encode
_decode_stored = msgspec.json.Decoder(list[tuple[str, UserId, int, Seq, int, int, Seq | None]]).decode
_decode_targets = msgspec.json.Decoder(list[tuple[int, Seq, UserId, int, list[tuple[str, Seq, int]]]]).decode
_decode_reactions = msgspec.json.Decoder(list[tuple[int, Seq, str, UserId]]).decode
_decode_users = msgspec.json.Decoder(list[UserId]).decode


def learn_facts(database: apsw.Connection, drafts: Sequence[Draft], rooms: Mapping[RoomId, Room], facts: Facts) -> None:
    """Add to `facts` what these drafts depend on. Of nonces only those of drafts that are no plain messages."""
    nonces: list[Identity] = []
    abouts: set[tuple[int, Seq]] = set()
    reactions: set[tuple[int, Seq, str, UserId]] = set()
    users: set[UserId] = set()
    creates = False
    for draft in drafts:
        event, sender = draft.event, draft.sender_id
        if isinstance(event, RoomCreated | MemberJoined):
            users.add(sender)
            creates = creates or isinstance(event, RoomCreated)
        room = rooms.get(event.room)
        if room is None or is_plain(draft):
            continue
        if draft.nonce is not None:
            nonces.append((draft.nonce, sender, room.key))
        about = about_of(event)
        if about is not None:
            abouts.add((room.key, about))
        if isinstance(event, ReactionAdded | ReactionRemoved):
            reactions.add((room.key, event.about, event.emoji, sender))
    if nonces:
        facts.stored |= _stored(database, nonces)
    if abouts:
        for key, seq, sender, deleted, emoji in _decode_targets(_ask(database, _TARGETS, list(abouts))):
            target = facts.targets[key, seq] = Target(sender, deleted=bool(deleted))
            target.emoji = {name: (place, count) for name, place, count in emoji}
    if reactions:
        facts.reactions.update(_decode_reactions(_ask(database, _REACTIONS, list(reactions))))
    if users:
        facts.users.update(_decode_users(_ask(database, _USERS, list(users))))
    if creates:
        facts.next_room = database.execute(_NEXT_ROOM).get


def stored_before(database: apsw.Connection, rows: Sequence[EventRow]) -> dict[Identity, Stored]:
    """Which of these events an earlier group has stored."""
    return _stored(
        database, [(nonce, sender, key) for key, _, _, sender, _, _, _, nonce, _ in rows if nonce is not None]
    )


def _stored(database: apsw.Connection, wanted: Sequence[Identity]) -> dict[Identity, Stored]:
    return {
        (nonce, sender, key): Stored(seq, ts, kind, about)
        for nonce, sender, key, seq, ts, kind, about in _decode_stored(_ask(database, _STORED, wanted))
    }


def _ask(database: apsw.Connection, query: str, wanted: Sequence[object]) -> str:
    answer: str = database.execute(query, (_encode(wanted).decode(),)).get
    return answer
