"""Correct histories of one room, made by chance: what clients see when every promise is kept."""

from __future__ import annotations

import itertools

from hypothesis import strategies as st

from hubbub.verify import Entry, History, Log, Said, Stretch, View
from hubbub.vocabulary import RoomId

ROOM = RoomId("general")


def said(text: str, sender: str = "ada", *acknowledged: int) -> Said:
    return Said(ROOM, sender, text, text, 0.0, attempts=1, acknowledged=list(acknowledged))


@st.composite
def histories(draw: st.DrawFn, *, readers: int = 1, messages: int = 1) -> History:
    """At least so many readers who were there from the beginning, and so many acknowledged messages.

    Some messages are acknowledged twice, some never (stored or not), some readers come later, and all of them come and
    go: their views are cut into stretches at arbitrary places.
    """
    history = History()
    log = [Entry(1, "ada", "<room_created>"), Entry(2, "ada", "<member_joined>")]
    fates = draw(st.lists(st.sampled_from(["acknowledged", "repeated", "unknown", "unstored"]), max_size=12))
    for number, fate in enumerate(["acknowledged"] * messages + fates):
        sender, text = draw(st.sampled_from(["ada", "bob"])), f"m{number}"
        seq = len(log) + 1
        if fate != "unstored":
            log.append(Entry(seq, sender, text))
        acknowledged = {"acknowledged": [seq], "repeated": [seq, seq]}.get(fate, [])
        history.said.append(said(text, sender, *acknowledged))
    history.logs = [Log(ROOM, url, list(log)) for url in ("http://one", "http://two")]
    first = [2] * readers + draw(st.lists(st.integers(2, len(log)), max_size=3))
    history.views = [
        View(f"r{number}", "json", ROOM, _stretches(draw, log, since)) for number, since in enumerate(first)
    ]
    return history


def _stretches(draw: st.DrawFn, log: list[Entry], since: int) -> list[Stretch]:
    cuts = sorted(draw(st.lists(st.integers(since, len(log)), max_size=4)))
    edges = [since, *cuts, len(log)]
    return [Stretch(low, log[low:high]) for low, high in itertools.pairwise(edges)]
