"""The bus with its listeners, and the canary that sings through it."""

from __future__ import annotations

import asyncio

from hubbub.bus import Chirp, ForUser, LocalBus, NodeGone, NodeId, Note
from hubbub.cluster import Canary, Line
from hubbub.vocabulary import Membership, RoomId, TypingChanged, UserId, UserName
from tests.contracts.bus import Inbox, message

GENERAL = RoomId("general")
NODE = NodeId("node")


class DeafBus(LocalBus):
    """Loses everything."""

    def announce(self, note: Note) -> None:
        return


async def opened(bus: LocalBus) -> tuple[Line, Canary, Inbox]:
    line, inbox = Line(bus), Inbox()
    canary = Canary(line.announce, NODE)
    line.listeners.append(canary.heard)
    await line.open(inbox)
    return line, canary, inbox


async def test_a_song_returns_when_it_came_back_and_chat_never_hears_it() -> None:
    line, canary, inbox = await opened(LocalBus())
    await canary.sing()
    await canary.sing()
    assert inbox.seen_notes == []
    await line.close()


async def test_a_bus_that_loses_is_noticed() -> None:
    _, canary, _ = await opened(DeafBus())
    singing = asyncio.create_task(canary.sing())
    done, _ = await asyncio.wait([singing], timeout=0.05)
    assert not done
    singing.cancel()


async def test_repeats_and_the_chirps_of_others_do_no_harm() -> None:
    line, canary, _ = await opened(LocalBus())
    await canary.sing()
    line.announce(Chirp(NODE, 1))
    singing = asyncio.create_task(canary.sing())
    canary.heard(Chirp(NodeId("other"), 2))
    await singing


async def test_everything_else_passes_and_listeners_hear_the_notes() -> None:
    line, _, inbox = await opened(LocalBus())
    heard: list[Note] = []
    line.listeners.append(heard.append)
    typing, note = TypingChanged(GENERAL, UserName("ada")), ForUser(UserId(1), Membership(GENERAL, member=True), "here")
    line.subscribe(GENERAL)
    line.publish(GENERAL, [message(1)])
    line.publish(GENERAL, typing)
    line.announce(note)
    line.announce(NodeGone(NODE))
    line.unsubscribe(GENERAL)
    line.publish(GENERAL, [message(2)])
    assert inbox.seen_events == [(GENERAL, [1])]
    assert inbox.seen_signals == [(GENERAL, typing)]
    assert inbox.seen_notes == heard == [note, NodeGone(NODE)]
