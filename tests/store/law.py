"""The law of a room's log: what a page of history shows is what a client has that applied all events one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from hubbub.store import Account, Appended, Draft, Store
from hubbub.store.codec import placed
from hubbub.vocabulary import (
    Event,
    Message,
    MessageDeleted,
    MessageEdited,
    ReactionAdded,
    ReactionRemoved,
    RoomChanged,
    RoomId,
    Seq,
)
from tests.contracts.folding import Fold
from tests.contracts.people import team

Step: TypeAlias = tuple[str | int, ...]
"""(what, the message it is about, a text or an emoji)"""

ROOM = RoomId("general")
EMOJI = ("👍", "❤️", "\0\x10")
USERS = 3

_seqs = st.integers(1, 24)
_emoji = st.sampled_from(EMOJI)
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_kinds = st.one_of(
    st.tuples(st.just("say"), _texts),
    st.tuples(st.just("answer"), _seqs, _texts),
    st.tuples(st.just("edit"), _seqs, _texts),
    st.tuples(st.just("delete"), _seqs),
    st.tuples(st.sampled_from(["react", "unreact"]), _seqs, _emoji),
    st.tuples(st.just("change"), _texts),
)
calls: SearchStrategy[list[list[tuple[int, Step]]]] = st.lists(
    st.lists(st.tuples(st.integers(0, USERS - 1), _kinds), min_size=1, max_size=8), max_size=12
)
"""Who does what, in each of several calls of `append`. Much of it is refused."""


def draft(sender: Account, step: Step, nonce: str) -> Draft:
    return Draft(_event(sender, step), sender.id, nonce)


def _event(sender: Account, step: Step) -> Event:
    place = (ROOM, 0, sender.name, 0)
    match step:
        case "say", str(text):
            return Message(*place, text)
        case "answer", int(about), str(text):
            return Message(*place, text, about)
        case "edit", int(about), str(text):
            return MessageEdited(*place, about, text)
        case "delete", int(about):
            return MessageDeleted(*place, about)
        case "react", int(about), str(emoji):
            return ReactionAdded(*place, about, emoji)
        case "unreact", int(about), str(emoji):
            return ReactionRemoved(*place, about, emoji)
        case _:
            return RoomChanged(*place, str(step[1]), "")


async def check_law(store: Store, people: Sequence[Account], published: Sequence[Event]) -> None:
    """Pages equal the fold, of what was published live as well as of what somebody reads who catches up."""
    read = await store.events.after(ROOM, USERS + 1, 1_000)
    assert [event.seq for event in read] == [event.seq for event in published]
    for reader in people:
        pages = await _pages(store, reader, 5)
        assert [event.seq for event in pages] == list(range(1, USERS + 2 + len(read)))
        for events in (published, read):
            fold = Fold(reader.name)
            for event in events:
                fold.apply(event)
            for event in pages:
                assert not isinstance(event, Message) or event == fold[event.seq]


async def _pages(store: Store, reader: Account, limit: int) -> list[Event]:
    pages: list[Event] = []
    last: Seq | None = None
    while page := await store.events.before(ROOM, last, limit, reader=reader.id):
        pages = page + pages
        last = page[0].seq
    return pages


async def check_history(store: Store, history: list[list[tuple[int, Step]]]) -> None:
    """Make a new store's room with this history, and check it. Outcomes are what was published."""
    await store.open()
    try:
        people = await team(store, *(f"user{number}" for number in range(USERS)))
        published: list[Event] = []
        for number, call in enumerate(history):
            drafts = [draft(people[who], step, f"{number}-{n}") for n, (who, step) in enumerate(call)]
            for one, outcome in zip(drafts, await store.events.append(drafts, number), strict=True):
                if isinstance(outcome, Appended) and not outcome.repeat:
                    published.append(placed(one.event, outcome.seq, outcome.ts))
        await check_law(store, people, published)
    finally:
        await store.close()
