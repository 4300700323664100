"""The checker finds nothing in what is right, and every kind of fault wherever it is planted."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.verify import Entry, Fault, History, Log, Stretch, View, check

from .histories import ROOM, histories, said

few = settings(max_examples=40)


def faults(history: History) -> set[Fault]:
    return {fault for fault, count in check(history).counts.items() if count}


@few
@given(histories())
def test_a_correct_history_has_no_fault(history: History) -> None:
    verdict = check(history)

    assert verdict.kept, verdict.findings
    assert verdict.acknowledged == sum(bool(one.acknowledged) for one in history.said)
    assert verdict.shown == sum(len(stretch.entries) for view in history.views for stretch in view.stretches)


def test_a_history_without_an_acknowledgement_proves_nothing() -> None:
    history = History([said("m")], [View("r", "json", ROOM, [Stretch(0)])], [Log(ROOM, "http://one", [])])

    assert not check(history).kept
    assert check(history).unknown == 1


def test_a_room_without_a_log_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="no log of general"):
        check(History([said("m", "ada", 1)]))


# what a reader is shown


@few
@given(histories(), st.data())
def test_an_acknowledged_message_that_a_reader_did_not_get_is_lost(history: History, data: st.DataObject) -> None:
    seq = data.draw(st.sampled_from([one.acknowledged[0] for one in history.said if one.acknowledged]))
    stretch = shown(history.views[0], seq)
    stretch.entries = [entry for entry in stretch.entries if entry.seq != seq]

    assert Fault.LOST in faults(history)


@few
@given(histories())
def test_the_end_of_the_log_is_missed_too(history: History) -> None:
    text = history.logs[0].entries[-1].text
    acknowledged = any(one.acknowledged for one in history.said if one.text == text)
    view = history.views[0]
    last = next(stretch for stretch in reversed(view.stretches) if stretch.entries)
    last.entries.pop()

    later = view.stretches[view.stretches.index(last) + 1 :]
    for stretch in later:
        stretch.since -= 1
    assert faults(history) == {Fault.LOST if acknowledged else Fault.MISSING}


@few
@given(histories(), st.data())
def test_an_entry_that_comes_twice_on_a_connection_is_found(history: History, data: st.DataObject) -> None:
    stretch = data.draw(st.sampled_from([one for one in history.views[0].stretches if one.entries]))
    place = data.draw(st.integers(0, len(stretch.entries) - 1))
    later = data.draw(st.integers(place + 1, len(stretch.entries)))
    stretch.entries.insert(later, stretch.entries[place])

    assert faults(history) == {Fault.TWICE}


@few
@given(histories())
def test_an_entry_that_comes_again_after_a_reconnect_is_found(history: History) -> None:
    view = history.views[0]
    last = next(stretch for stretch in reversed(view.stretches) if stretch.entries).entries[-1]
    view.stretches.append(Stretch(last.seq, [last]))

    assert faults(history) == {Fault.TWICE}


@few
@given(histories(messages=3), st.data())
def test_two_entries_in_each_others_places_are_found(history: History, data: st.DataObject) -> None:
    view = history.views[0]
    view.stretches = [Stretch(2, history.logs[0].entries[2:])]  # one connection all the time
    entries = view.stretches[0].entries
    place = data.draw(st.integers(0, len(entries) - 2))
    entries[place], entries[place + 1] = entries[place + 1], entries[place]

    assert faults(history) == {Fault.HOLE, Fault.ORDER}


@few
@given(histories(messages=3), st.data())
def test_a_hole_is_found_even_when_it_is_filled_later(history: History, data: st.DataObject) -> None:
    view = history.views[0]
    entries = history.logs[0].entries[2:]
    place = data.draw(st.integers(0, len(entries) - 2))
    view.stretches = [Stretch(2, entries[:place] + entries[place + 1 :]), Stretch(entries[-1].seq, [entries[place]])]

    assert Fault.HOLE in faults(history)
    assert Fault.LOST not in faults(history)


@few
@given(histories(), st.data())
def test_another_text_than_the_logs_is_found(history: History, data: st.DataObject) -> None:
    stretch = data.draw(st.sampled_from([one for one in history.views[0].stretches if one.entries]))
    place = data.draw(st.integers(0, len(stretch.entries) - 1))
    stretch.entries[place] = Entry(stretch.entries[place].seq, "eve", "something else")

    assert faults(history) == {Fault.DIFFERENT}


@few
@given(histories())
def test_what_is_shown_and_never_stored_is_found(history: History) -> None:
    beyond = len(history.logs[0].entries) + 1
    history.views[0].stretches[-1].entries.append(Entry(beyond, "ada", "published before it was stored"))

    assert faults(history) == {Fault.DIFFERENT}


@few
@given(histories())
def test_a_refused_cursor_is_found(history: History) -> None:
    history.views[0].errors.append("cursor_ahead")

    assert faults(history) == {Fault.REFUSED}


@few
@given(histories())
def test_a_reader_that_never_got_in_is_found(history: History) -> None:
    history.views[0].stretches = []

    assert faults(history) == {Fault.MISSING}


# what is stored


@few
@given(histories(), st.data())
def test_an_acknowledged_message_that_is_not_stored_is_lost(history: History, data: st.DataObject) -> None:
    lost = data.draw(st.sampled_from([one.acknowledged[0] for one in history.said if one.acknowledged]))
    for log in history.logs:
        log.entries = [closed_up(entry, lost) for entry in log.entries if entry.seq != lost]
    for view in history.views:
        for stretch in view.stretches:
            stretch.since -= stretch.since >= lost
            stretch.entries = [closed_up(entry, lost) for entry in stretch.entries if entry.seq != lost]

    assert Fault.LOST in faults(history)


@few
@given(histories(), st.data())
def test_a_message_that_is_stored_twice_is_found(history: History, data: st.DataObject) -> None:
    entries = history.logs[0].entries
    again = data.draw(st.sampled_from(entries[2:]))
    extra = Entry(len(entries) + 1, again.sender, again.text)
    for log in history.logs:
        log.entries.append(extra)
    for view in history.views:
        view.stretches[-1].entries.append(extra)

    assert faults(history) == {Fault.STORED_TWICE}


@few
@given(histories(), st.data())
def test_an_acknowledgement_of_another_seq_is_found(history: History, data: st.DataObject) -> None:
    one = data.draw(st.sampled_from([one for one in history.said if one.acknowledged]))
    wrong = data.draw(st.integers(1, len(history.logs[0].entries) + 5).filter(lambda seq: seq not in one.acknowledged))
    one.acknowledged.append(wrong)

    assert faults(history) == {Fault.MOVED}


@few
@given(histories(messages=2), st.data())
def test_a_hole_in_the_log_is_found(history: History, data: st.DataObject) -> None:
    entries = history.logs[0].entries
    hole = data.draw(st.integers(1, len(entries) - 1))
    for log in history.logs:
        log.entries = [entry for entry in log.entries if entry.seq != hole]

    assert Fault.HOLE in faults(history)


@few
@given(histories())
def test_servers_that_disagree_are_found(history: History) -> None:
    history.logs[1].entries.pop()

    assert faults(history) == {Fault.DIFFERENT}


@few
@given(histories())
def test_a_refused_message_is_found(history: History) -> None:
    history.said.append(said("refused"))
    history.said[-1].refused = "room_forbidden"

    assert faults(history) == {Fault.REFUSED}


def test_every_violation_is_counted_and_the_first_ones_of_a_kind_are_named() -> None:
    entries = [Entry(seq, "ada", f"m{seq}") for seq in range(1, 101)]
    history = History(
        [said(entry.text, "ada", entry.seq) for entry in entries],
        [View("late", "sse", ROOM, [Stretch(0, entries[:50])])],
        [Log(ROOM, "http://one", entries)],
    )

    verdict = check(history)

    assert verdict.counts[Fault.LOST] == 50
    assert [finding.seq for finding in verdict.findings] == list(range(51, 61))
    assert str(verdict.findings[0]) == "lost: general seq 51, late (sse): 'm51' was never shown"


def shown(view: View, seq: int) -> Stretch:
    return next(one for one in view.stretches if any(entry.seq == seq for entry in one.entries))


def closed_up(entry: Entry, hole: int) -> Entry:
    """The entry as it would be if there had never been one at `hole`."""
    return Entry(entry.seq - (entry.seq > hole), entry.sender, entry.text)
