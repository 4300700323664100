"""What events do to what was there before. Pure, and the same law as the server's.

A page of history shows messages as they are at the time of reading; that equals the plain events, folded one by one.

    from hubbub.client.fold import fold_message
    from hubbub.vocabulary import Message, MessageEdited, MessageState, RoomId

    said = Message(RoomId("general"), 3, UserName("ada"), 1, "helo")
    edited = MessageEdited(RoomId("general"), 4, UserName("ada"), 2, about=3, text="hello")
    now = fold_message(said, edited, UserName("bob"))
    assert (now.text, now.state) == ("hello", MessageState(4, edited_ts=2))
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from hubbub.vocabulary import (
    Event,
    Message,
    MessageDeleted,
    MessageEdited,
    MessageState,
    Reaction,
    ReactionAdded,
    ReactionRemoved,
    RoomChanged,
    RoomState,
    Seq,
    UserName,
)

_NAMED: Final = 10
"""So many names a reaction has in the state of a message; the others are only counted."""

Change = MessageEdited | MessageDeleted | ReactionAdded | ReactionRemoved


def fold_events(events: Sequence[Event], fresh: Iterable[Event], me: UserName) -> list[Event]:
    """Put `fresh` (a page, or live events) into `events` and fold what happened to messages into them.

    Both ascend by `seq`, and so does what comes out. In which order pages and live events arrive makes no difference,
    as long as there is no hole between the first and the last event in the end. `me`: whose reactions are `mine`.
    """
    merged = {event.seq: event for event in events}
    for event in fresh:
        before = merged.get(event.seq)
        if before is None or _folded(event) > _folded(before):
            merged[event.seq] = event
    for seq in sorted(merged):
        change = merged[seq]
        if isinstance(change, Change):
            about = merged.get(change.about)
            if isinstance(about, Message):
                merged[about.seq] = fold_message(about, change, me)
    return [merged[seq] for seq in sorted(merged)]


def fold_message(message: Message, event: Event, me: UserName) -> Message:
    """The message after `event`; itself when the event is not about it, or is in its state already."""
    if not isinstance(event, Change) or (event.room, event.about) != (message.room, message.seq):
        return message
    if event.seq <= _folded(message):
        return message
    state = replace(message.state or MessageState(0), seq=event.seq)
    match event:
        case MessageEdited():
            return replace(message, text=event.text, state=replace(state, edited_ts=event.ts))
        case MessageDeleted():
            return replace(message, text="", state=MessageState(event.seq, deleted=True))
        case ReactionAdded():
            reactions = _with(state.reactions, event.emoji, event.sender, me)
        case ReactionRemoved():
            reactions = _without(state.reactions, event.emoji, event.sender, me)
    return replace(message, state=replace(state, reactions=reactions))


def fold_room(room: RoomState, event: Event) -> RoomState:
    """A room's head, title and topic after `event`."""
    if event.room != room.room or event.seq <= room.head:
        return room
    if isinstance(event, RoomChanged):
        return replace(room, head=event.seq, title=event.title, topic=event.topic)
    return replace(room, head=event.seq)


def _folded(event: Event) -> Seq:
    """The last event that the state of a message contains; of anything else, it itself."""
    return event.state.seq if isinstance(event, Message) and event.state is not None else event.seq


def _with(reactions: list[Reaction], emoji: str, sender: UserName, me: UserName) -> list[Reaction]:
    before = next((one for one in reactions if one.emoji == emoji), None)
    if before is None:
        return [*reactions, Reaction(emoji, 1, [sender], sender == me)]
    # who stands after somebody without a name here can't be named, either
    named = len(before.users) == before.count and before.count < _NAMED
    users = [*before.users, sender] if named else before.users
    after = Reaction(emoji, before.count + 1, users, before.mine or sender == me)
    return [after if one is before else one for one in reactions]


def _without(reactions: list[Reaction], emoji: str, sender: UserName, me: UserName) -> list[Reaction]:
    found = []
    for one in reactions:
        if one.emoji != emoji:
            found.append(one)
        elif one.count > 1:
            users = [name for name in one.users if name != sender]
            found.append(Reaction(emoji, one.count - 1, users, one.mine and sender != me))
    return found
