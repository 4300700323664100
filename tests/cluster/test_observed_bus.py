"""The bus with its listeners, and the canary that sings through it."""

from __future__ import annotations

import asyncio

from hubbub.bus import ForUser, LocalBus, NodeGone, NodeId, NodeMessage, Ping
from hubbub.cluster import Canary, ObservedBus
from hubbub.vocabulary import Membership, RoomId, TypingChanged, UserId, UserName
from tests.contracts.bus import Inbox, message

GENERAL = RoomId("general")
NODE = NodeId("node")


class DeafBus(LocalBus):
    """Loses everything."""

    def announce(self, note: NodeMessage) -> None:
        return


async def opened(bus: LocalBus) -> tuple[ObservedBus, Canary, Inbox]:
    observed, inbox = ObservedBus(bus), Inbox()
    canary = Canary(observed.announce, NODE)
    observed.listeners.append(canary.heard)
    await observed.open(inbox)
    return observed, canary, inbox


async def test_a_song_returns_when_it_came_back_and_chat_never_hears_it() -> None:
    observed, canary, inbox = await opened(LocalBus())
    await canary.check()
    await canary.check()
    assert inbox.seen_messages == []
    await observed.close()


async def test_a_bus_that_loses_is_noticed() -> None:
    _, canary, _ = await opened(DeafBus())
    checking = asyncio.create_task(canary.check())
    done, _ = await asyncio.wait([checking], timeout=0.05)
    assert not done
    checking.cancel()


async def test_repeats_and_the_chirps_of_others_do_no_harm() -> None:
    observed, canary, _ = await opened(LocalBus())
    await canary.check()
    observed.announce(Ping(NODE, 1))
    checking = asyncio.create_task(canary.check())
    canary.heard(Ping(NodeId("other"), 2))
    await checking


async def test_everything_else_passes_and_listeners_hear_the_notes() -> None:
    observed, _, inbox = await opened(LocalBus())
    heard: list[NodeMessage] = []
    observed.listeners.append(heard.append)
    typing, note = TypingChanged(GENERAL, UserName("ada")), ForUser(UserId(1), Membership(GENERAL, member=True), "here")
    observed.subscribe(GENERAL)
    observed.publish(GENERAL, [message(1)])
    observed.publish(GENERAL, typing)
    observed.announce(note)
    observed.announce(NodeGone(NODE))
    observed.unsubscribe(GENERAL)
    observed.publish(GENERAL, [message(2)])
    assert inbox.seen_events == [(GENERAL, [1])]
    assert inbox.seen_signals == [(GENERAL, typing)]
    assert inbox.seen_messages == heard == [note, NodeGone(NODE)]
