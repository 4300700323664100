"""What a group of drafts does, worked out in memory before anything is written.

Each draft sees what those before it do: the plan changes what it was told of rooms, messages and reactions as it goes
along. When it is not carried out, that is of no use any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from hubbub.store.codec import MESSAGE, REACTIONS_LIMIT, about_of, body_of, kind_of
from hubbub.store.protocols import Appended, Draft, Refused
from hubbub.vocabulary import (
    Event,
    MemberJoined,
    MemberLeft,
    Message,
    MessageDeleted,
    MessageEdited,
    ReactionAdded,
    ReactionRemoved,
    RoomChanged,
    RoomCreated,
    RoomId,
    Seq,
    UserId,
)

Identity: TypeAlias = tuple[str, UserId, int]
"""(nonce, sender, room key): what makes an event the same event."""

Place: TypeAlias = tuple[int, Seq]
"""(room key, seq)"""

EventRow: TypeAlias = tuple[int, Seq, int, UserId, int, int, Seq | None, str | None, str]
"""(room key, seq, kind, sender, ts, notices, about, nonce, body)"""


class Room:
    """A room as the writer knows it. `members`: those that are known to be one."""

    __slots__ = ("head", "key", "members", "notices")

    def __init__(self, key: int, head: Seq, notices: int) -> None:
        self.key = key
        self.head = head
        self.notices = notices
        self.members: set[UserId] = set()


class Target:
    """A message that may be edited, deleted or reacted to. `emoji`: each one below it -> (place, how many)."""

    __slots__ = ("deleted", "emoji", "sender")

    def __init__(self, sender: UserId, *, deleted: bool = False) -> None:
        self.sender = sender
        self.emoji: dict[str, tuple[Seq, int]] = {}
        self.deleted = deleted


class Stored(Struct, frozen=True, gc=False):
    """An event that has a nonce already."""

    seq: Seq
    ts: int
    kind: int
    about: Seq | None


class Facts:
    """What is to be known of a group beside its rooms.

    Attributes:
        stored: events whose nonces the drafts use again.
        targets: messages that drafts are about; without those that do not exist or are no messages.
        reactions: which of the reactions (room key, seq, emoji, user) that drafts are about are there.
        users: which of those who create and join rooms exist.
        next_room: the key of the next new room.
    """

    __slots__ = ("next_room", "reactions", "stored", "targets", "users")

    def __init__(self) -> None:
        self.stored: dict[Identity, Stored] = {}
        self.targets: dict[Place, Target] = {}
        self.reactions: set[tuple[int, Seq, str, UserId]] = set()
        self.users: set[UserId] = set()
        self.next_room = 1


class Plan:
    """The outcomes of drafts, and what is to be written.

    Attributes:
        outcomes: one per draft.
        rows: the new events.
        created: (key, id, title, topic, ts) of new rooms.
        changed: room key -> its new title and topic.
        members: (room key, user) -> (ts, read mark); None: no member any more.
        states: message -> (last seq, seq of its last edit if it was edited now, deleted).
        reactions: (room key, seq, emoji, user) -> the seq of the reaction; None: taken back.
        counts: (room key, seq, emoji) -> (place, count).
        erased: messages whose texts and reactions go.
    """

    def __init__(self, rooms: dict[RoomId, Room], facts: Facts) -> None:
        self._rooms = rooms
        self._facts = facts
        self.outcomes: list[Appended | Refused] = []
        self.rows: list[EventRow] = []
        self.created: list[tuple[int, RoomId, str, str, int]] = []
        self.changed: dict[int, tuple[str, str]] = {}
        self.members: dict[tuple[int, UserId], tuple[int, Seq] | None] = {}
        self.states: dict[Place, tuple[Seq, Seq | None, bool]] = {}
        self.reactions: dict[tuple[int, Seq, str, UserId], Seq | None] = {}
        self.counts: dict[tuple[int, Seq, str], tuple[Seq, int]] = {}
        self.erased: list[Place] = []

    @property
    def has_effects(self) -> bool:
        """Whether more is to be written than events."""
        return bool(self.created or self.changed or self.members or self.states)

    def add_messages(self, drafts: Sequence[Draft], stamps: Sequence[int]) -> None:
        """As `add`, for drafts which are all `is_plain`: the path of nearly all messages."""
        rooms, stored, outcomes, rows = self._rooms, self._facts.stored, self.outcomes, self.rows
        for draft, ts in zip(drafts, stamps, strict=True):
            event, nonce, sender = draft.event, draft.nonce, draft.sender_id
            room = rooms.get(event.room)
            if room is None:
                outcomes.append(UNKNOWN_ROOM)
                continue
            key = room.key
            if sender not in room.members:
                outcomes.append(ROOM_FORBIDDEN)
                continue
            if nonce is not None:
                first = stored.get((nonce, sender, key))
                if first is not None:
                    outcomes.append(_repeat(first, MESSAGE, None))
                    continue
                stored[nonce, sender, key] = Stored(room.head + 1, ts, MESSAGE, None)
            seq = room.head = room.head + 1
            outcomes.append(Appended(seq, ts))
            rows.append((key, seq, MESSAGE, sender, ts, room.notices, None, nonce, event.text))  # type: ignore[union-attr]

    def add(self, drafts: Sequence[Draft], stamps: Sequence[int]) -> None:
        """Give each draft its outcome. `stamps`: the time of each."""
        for draft, ts in zip(drafts, stamps, strict=True):
            self.outcomes.append(self._outcome(draft, ts))

    def _outcome(self, draft: Draft, ts: int) -> Appended | Refused:
        """In the order that `EventStore.append` promises."""
        event, sender = draft.event, draft.sender_id
        room = self._rooms.get(event.room)
        if isinstance(event, RoomCreated):
            return self._create(event, sender, ts, room)
        if room is None:
            return UNKNOWN_ROOM
        if isinstance(event, MemberJoined):
            if sender not in self._facts.users:
                return UNKNOWN_USER
        elif sender not in room.members and not isinstance(event, MemberLeft):
            return ROOM_FORBIDDEN
        about = about_of(event)
        if draft.nonce is not None:
            first = self._facts.stored.get((draft.nonce, sender, room.key))
            if first is not None:
                return _repeat(first, kind_of(event), about)
        if draft.expected_head not in {None, room.head}:
            return HEAD_MOVED
        target = None if about is None else self._facts.targets.get((room.key, about))
        if about is not None:
            refusal = _refusal(draft, target)
            if refusal is not None:
                return refusal
        if self._is_so(event, room, sender):
            return Appended(room.head, ts, repeat=True)
        seq = self._place(draft, room, ts, about)
        self._take_effect(event, room, sender, ts, target)
        return Appended(seq, ts)

    def _create(self, event: RoomCreated, sender: UserId, ts: int, room: Room | None) -> Appended | Refused:
        if room is not None:
            return ROOM_EXISTS
        if sender not in self._facts.users:
            return UNKNOWN_USER
        room = self._rooms[event.room] = Room(self._facts.next_room, 0, 0)
        self._facts.next_room += 1
        self.created.append((room.key, event.room, event.title, event.topic, ts))
        return Appended(self._place(Draft(event, sender), room, ts, None), ts)

    def _is_so(self, event: Event, room: Room, sender: UserId) -> bool:
        """Whether it says what is the case already."""
        match event:
            case MemberJoined():
                return sender in room.members
            case MemberLeft():
                return sender not in room.members
            case ReactionAdded():
                return (room.key, event.about, event.emoji, sender) in self._facts.reactions
            case ReactionRemoved():
                return (room.key, event.about, event.emoji, sender) not in self._facts.reactions
            case _:
                return False

    def _place(self, draft: Draft, room: Room, ts: int, about: Seq | None) -> Seq:
        """Give the event its place in the log."""
        kind, sender, nonce = kind_of(draft.event), draft.sender_id, draft.nonce
        seq = room.head = room.head + 1
        if kind == MESSAGE:
            self._facts.targets[room.key, seq] = Target(sender)
        else:
            room.notices += 1
        if nonce is not None:
            self._facts.stored[nonce, sender, room.key] = Stored(seq, ts, kind, about)
        self.rows.append((room.key, seq, kind, sender, ts, room.notices, about, nonce, body_of(draft.event)))
        return seq

    def _take_effect(self, event: Event, room: Room, sender: UserId, ts: int, target: Target | None) -> None:
        """The event is the room's last one now. `target`: the message that it is about."""
        key, seq = room.key, room.head
        match event:
            case MemberJoined():
                room.members.add(sender)
                self.members[key, sender] = (ts, seq - 1)
            case MemberLeft():
                room.members.discard(sender)
                self.members[key, sender] = None
            case RoomChanged():
                self.changed[key] = (event.title, event.topic)
            case MessageEdited():
                self.states[key, event.about] = (seq, seq, False)
            case MessageDeleted() if target is not None:
                target.deleted = True
                self.erased.append((key, event.about))
                self.states[key, event.about] = (seq, None, True)
            case ReactionAdded() | ReactionRemoved() if target is not None:
                self._react(event, room, sender, target)

    def _react(self, event: ReactionAdded | ReactionRemoved, room: Room, sender: UserId, target: Target) -> None:
        key, seq, about, emoji = room.key, room.head, event.about, event.emoji
        reaction = (key, about, emoji, sender)
        place, count = target.emoji.get(emoji, (seq, 0))
        if isinstance(event, ReactionAdded):
            self._facts.reactions.add(reaction)
            self.reactions[reaction] = seq
            count += 1
        else:
            self._facts.reactions.remove(reaction)
            self.reactions[reaction] = None
            count -= 1
        self.counts[key, about, emoji] = (place, count)
        target.emoji[emoji] = (place, count)
        if not count:
            del target.emoji[emoji]
        _, edit, _ = self.states.get((key, about), (0, None, False))
        self.states[key, about] = (seq, edit, False)


def is_plain(draft: Draft) -> bool:
    """Whether it is a message that depends on nothing but its room."""
    event = draft.event
    return type(event) is Message and event.reply_to is None and draft.expected_head is None


def _repeat(first: Stored, kind: int, about: Seq | None) -> Appended | Refused:
    """What is to be said of a nonce that was used before. `kind`, `about`: what it is used for now."""
    if (first.kind, first.about) == (kind, about):
        return Appended(first.seq, first.ts, repeat=True)
    return NONCE_REUSED


def _refusal(draft: Draft, target: Target | None) -> Refused | None:
    """Why the message that a draft is about does not allow it."""
    if target is None:
        return UNKNOWN_MESSAGE
    if target.deleted:
        return MESSAGE_DELETED
    if draft.own and target.sender != draft.sender_id:
        return NOT_YOURS
    event = draft.event
    if isinstance(event, ReactionAdded) and event.emoji not in target.emoji and len(target.emoji) >= REACTIONS_LIMIT:
        return TOO_MANY_REACTIONS
    return None


UNKNOWN_ROOM = Refused("unknown_room")
ROOM_FORBIDDEN = Refused("room_forbidden")
ROOM_EXISTS = Refused("room_exists")
UNKNOWN_USER = Refused("unknown_user")
NONCE_REUSED = Refused("nonce_reused")
HEAD_MOVED = Refused("head_moved")
UNKNOWN_MESSAGE = Refused("unknown_message")
MESSAGE_DELETED = Refused("message_deleted")
NOT_YOURS = Refused("not_yours")
TOO_MANY_REACTIONS = Refused("too_many_reactions")
