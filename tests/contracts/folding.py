"""What a client makes of a room's events, one by one: the law says that a page of history shows the same.

messages = Fold(me)
for event in events:
messages.apply(event)
messages[seq] == what a page has at `seq`
"""

from __future__ import annotations

from msgspec.structs import replace

from hubbub.store.codec import REACTORS_SHOWN
from hubbub.vocabulary import (
    Event,
    Message,
    MessageDeleted,
    MessageEdited,
    MessageState,
    Reaction,
    ReactionAdded,
    ReactionRemoved,
    Seq,
    UserName,
)


class Fold:
    """Messages by `seq`, as they are after all events that were applied."""

    def __init__(self, me: UserName) -> None:
        self._me = me
        self._messages: dict[Seq, Message] = {}
        self._reactions: dict[Seq, dict[str, list[UserName]]] = {}

    def __getitem__(self, seq: Seq) -> Message:
        return self._messages[seq]

    def apply(self, event: Event) -> None:
        match event:
            case Message():
                self._messages[event.seq] = event
                self._reactions[event.seq] = {}
            case MessageEdited():
                self._change(event.about, event.seq, text=event.text, edited_ts=event.ts)
            case MessageDeleted():
                self._reactions[event.about] = {}
                self._change(event.about, event.seq, text="", deleted=True)
            case ReactionAdded():
                self._reactions[event.about].setdefault(event.emoji, []).append(event.sender)
                self._change(event.about, event.seq)
            case ReactionRemoved():
                reactions = self._reactions[event.about]
                reactions[event.emoji].remove(event.sender)
                if not reactions[event.emoji]:
                    del reactions[event.emoji]
                self._change(event.about, event.seq)
            case _:
                pass

    def _change(
        self, about: Seq, seq: Seq, text: str | None = None, edited_ts: int | None = None, *, deleted: bool = False
    ) -> None:
        message = self._messages[about]
        before = message.state or MessageState(0)
        state = MessageState(
            seq,
            None if deleted else before.edited_ts if edited_ts is None else edited_ts,
            deleted,
            [
                Reaction(emoji, len(users), users[:REACTORS_SHOWN], self._me in users)
                for emoji, users in self._reactions[about].items()
            ],
        )
        self._messages[about] = replace(message, text=message.text if text is None else text, state=state)
