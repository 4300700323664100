"""The client's fold obeys the law: a page of history equals the events, folded from the first or from any page on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hubbub.client import fold_events, fold_message, fold_room
from hubbub.vocabulary import (
    Event,
    MemberJoined,
    Message,
    MessageDeleted,
    MessageEdited,
    MessageState,
    Reaction,
    ReactionAdded,
    ReactionRemoved,
    RoomChanged,
    RoomId,
    RoomState,
    Seq,
    UserName,
)
from tests.contracts.folding import Fold

ROOM = RoomId("general")
USERS = [UserName(name) for name in ("ada", "bob", "eve")]
ME = USERS[0]
steps = st.lists(
    st.tuples(
        st.sampled_from(["say", "say", "join", "edit", "delete", "react", "unreact"]),
        st.sampled_from(USERS),
        st.integers(0, 5),
        st.sampled_from("👍❤😀"),
    ),
    max_size=40,
)


def log_of(wanted: list[tuple[str, UserName, int, str]]) -> list[Event]:
    """The events that a server would have stored of what is wanted: what is so already, or can't be, is left out."""
    log: list[Event] = []
    alive: dict[Seq, set[tuple[str, UserName]]] = {}
    for what, who, which, emoji in wanted:
        place = (ROOM, len(log) + 1, who, 1_000 + len(log))
        about = [*alive][which % len(alive)] if alive else 0
        match what:
            case "say":
                log.append(Message(*place, f"text {place[1]}", about or None))
                alive[place[1]] = set()
            case "join":
                log.append(MemberJoined(*place))
            case "edit" if about:
                log.append(MessageEdited(*place, about, f"changed {place[1]}"))
            case "delete" if about:
                log.append(MessageDeleted(*place, about))
                del alive[about]
            case "react" if about and (emoji, who) not in alive[about]:
                log.append(ReactionAdded(*place, about, emoji))
                alive[about].add((emoji, who))
            case "unreact" if about and (emoji, who) in alive[about]:
                log.append(ReactionRemoved(*place, about, emoji))
                alive[about].remove((emoji, who))
    return log


def page_of(log: list[Event]) -> list[Event]:
    """What a page of history shows when this is all that there is."""
    folded = Fold(ME)
    for event in log:
        folded.apply(event)
    return [folded[event.seq] if isinstance(event, Message) else event for event in log]


@given(steps, st.integers(0, 40), st.integers(0, 40))
def test_any_pages_and_live_events_in_any_order_fold_to_the_page(
    wanted: list[tuple[str, UserName, int, str]], head: int, overlap: int
) -> None:
    log = log_of(wanted)
    page, live = page_of(log[:head]), log[max(0, head - overlap) :]
    expected = page_of(log)
    assert fold_events(page, live, ME) == expected
    assert fold_events(live, page, ME) == expected
    one_by_one: list[Event] = page
    for event in live:
        one_by_one = fold_events(one_by_one, [event], ME)
    assert one_by_one == expected
    assert fold_events(expected, log, ME) == expected


def test_what_the_state_has_or_is_about_another_message_changes_nothing() -> None:
    message = Message(ROOM, 3, ME, 1, "a", state=MessageState(7))
    for event in (
        MessageEdited(ROOM, 8, ME, 1, 4, "b"),
        MessageEdited(ROOM, 7, ME, 1, 3, "b"),
        MessageEdited(RoomId("other"), 8, ME, 1, 3, "b"),
        MemberJoined(ROOM, 8, ME, 1),
    ):
        assert fold_message(message, event, ME) is message


def test_of_more_than_ten_only_ten_are_named_and_all_are_counted() -> None:
    message: Message = Message(ROOM, 1, ME, 1, "a")
    names = [UserName(f"user{number}") for number in range(12)]
    for seq, name in enumerate(names, 2):
        message = fold_message(message, ReactionAdded(ROOM, seq, name, 1, 1, "👍"), names[11])
    assert message.state == MessageState(13, reactions=[Reaction("👍", 12, list(names[:10]), mine=True)])
    message = fold_message(message, ReactionRemoved(ROOM, 14, names[0], 1, 1, "👍"), names[11])
    message = fold_message(message, ReactionAdded(ROOM, 15, names[0], 1, 1, "👍"), names[11])
    assert message.state == MessageState(15, reactions=[Reaction("👍", 12, list(names[1:10]), mine=True)])


def test_a_room_has_the_title_and_topic_of_its_last_change() -> None:
    room = RoomState(ROOM, 3, 0, 0, "Old")
    later = fold_room(fold_room(room, RoomChanged(ROOM, 4, ME, 1, "New", "Topic")), MemberJoined(ROOM, 5, ME, 1))
    assert later == replace(room, head=5, title="New", topic="Topic")
    assert fold_room(later, RoomChanged(ROOM, 4, ME, 1, "Again")) is later
