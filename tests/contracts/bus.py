"""The contract of `Bus`: every sentence of `hubbub.bus.protocols` that a test can see.

A bus may lose, repeat, delay and reorder, so most of the suite waits for what must come in the end and says what must
never come. `make_bus` gives a bus that is not open yet. `SharedBusContract` is for a bus that connects nodes: its
`make_bus` gives the buses of different nodes that are connected with each other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from hubbub.bus import (
    Bus,
    ForUser,
    NodeAlive,
    NodeGone,
    NodeId,
    NodeMessage,
    Ping,
    PresenceHere,
    RoomNodeMessage,
    UserChanged,
)
from hubbub.vocabulary import (
    Event,
    MemberJoined,
    MemberLeft,
    Membership,
    Message,
    RoomCreated,
    RoomId,
    Signal,
    TypingChanged,
    UnknownEvent,
    UserId,
    UserName,
)

GENERAL, OTHER = RoomId("general"), RoomId("other")
PATIENCE_SECONDS = 30


class Inbox:
    """A receiver that remembers. `next` waits until something has come."""

    def __init__(self) -> None:
        self.seen_events: list[tuple[RoomId, list[int]]] = []
        self.seen_signals: list[tuple[RoomId, Signal | RoomNodeMessage]] = []
        self.seen_messages: list[NodeMessage] = []
        self.last_events: Sequence[Event] = ()
        self.gaps = 0
        self._came = asyncio.Event()

    def events(self, room: RoomId, events: Sequence[Event]) -> None:
        self.seen_events.append((room, [event.seq for event in events]))
        self.last_events = events
        self._came.set()

    def signal(self, room: RoomId, signal: Signal | RoomNodeMessage) -> None:
        self.seen_signals.append((room, signal))
        self._came.set()

    def node_message(self, message: NodeMessage) -> None:
        self.seen_messages.append(message)
        self._came.set()

    def gap(self) -> None:
        self.gaps += 1
        self._came.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not condition():
                self._came.clear()
                await self._came.wait()


def message(seq: int, room: RoomId = GENERAL) -> Message:
    return Message(room, seq, UserName("ada"), 0, "hello")


def typing(room: RoomId = GENERAL) -> TypingChanged:
    return TypingChanged(room, UserName("ada"))


MakeBus = Callable[[], Bus]


class BusContract:
    @pytest.fixture
    def make_bus(self) -> MakeBus:
        raise NotImplementedError("the subclass supplies it")

    async def opened(self, make_bus: MakeBus, *rooms: RoomId) -> tuple[Bus, Inbox]:
        bus, inbox = make_bus(), Inbox()
        await bus.open(inbox)
        for room in rooms:
            bus.subscribe(room)
        return bus, inbox

    async def test_a_node_that_subscribed_gets_events(self, make_bus: MakeBus) -> None:
        bus, inbox = await self.opened(make_bus, GENERAL)

        bus.publish(GENERAL, [message(1), message(2)])

        await inbox.until(lambda: {seq for _, seqs in inbox.seen_events for seq in seqs} == {1, 2})
        assert {room for room, _ in inbox.seen_events} == {GENERAL}
        await bus.close()

    async def test_a_node_that_subscribed_gets_signals(self, make_bus: MakeBus) -> None:
        bus, inbox = await self.opened(make_bus, GENERAL)

        here = PresenceHere(NodeId("n1"), 7, 1, 30.0, online=[UserName("ada")], whole=True)

        bus.publish(GENERAL, typing())
        bus.publish(GENERAL, here)

        await inbox.until(lambda: all((GENERAL, item) in inbox.seen_signals for item in (typing(), here)))
        assert inbox.seen_events == []
        await bus.close()

    async def test_other_rooms_stay_away(self, make_bus: MakeBus) -> None:
        bus, inbox = await self.opened(make_bus, GENERAL)

        bus.publish(OTHER, [message(1, OTHER)])
        bus.publish(OTHER, typing(OTHER))
        bus.publish(GENERAL, [message(1)])

        await inbox.until(lambda: bool(inbox.seen_events))
        assert {room for room, _ in inbox.seen_events} == {GENERAL}
        assert inbox.seen_signals == []
        await bus.close()

    async def test_after_unsubscribe_nothing_comes(self, make_bus: MakeBus) -> None:
        bus, inbox = await self.opened(make_bus, GENERAL, OTHER)

        bus.unsubscribe(GENERAL)
        bus.unsubscribe(RoomId("never-subscribed"))
        bus.publish(GENERAL, [message(1)])
        bus.publish(OTHER, [message(1, OTHER)])

        await inbox.until(lambda: bool(inbox.seen_events))
        assert {room for room, _ in inbox.seen_events} == {OTHER}
        await bus.close()

    async def test_subscribing_twice_is_subscribing_once(self, make_bus: MakeBus) -> None:
        bus, inbox = await self.opened(make_bus, GENERAL, GENERAL, OTHER)

        bus.unsubscribe(GENERAL)
        bus.publish(GENERAL, [message(1)])
        bus.publish(OTHER, [message(1, OTHER)])

        await inbox.until(lambda: bool(inbox.seen_events))
        assert {room for room, _ in inbox.seen_events} == {OTHER}
        await bus.close()

    async def test_a_note_comes_without_subscription(self, make_bus: MakeBus) -> None:
        bus, inbox = await self.opened(make_bus)
        notes: list[NodeMessage] = [
            ForUser(UserId(7), Membership(GENERAL, member=True), "connection-1"),
            UserChanged(UserId(7), ["a"], renamed=True),
        ]

        for note in notes:
            bus.announce(note)

        await inbox.until(lambda: all(note in inbox.seen_messages for note in notes))
        await bus.close()

    async def test_publishing_before_open_and_after_close_harms_nobody(self, make_bus: MakeBus) -> None:
        bus, inbox = make_bus(), Inbox()
        bus.publish(GENERAL, [message(1)])
        bus.announce(ForUser(UserId(7), typing()))
        await bus.open(inbox)
        bus.subscribe(GENERAL)
        await bus.close()

        bus.publish(GENERAL, [message(2)])
        bus.announce(ForUser(UserId(7), typing()))
        assert [seq for _, seqs in inbox.seen_events for seq in seqs if seq == 2] == []

    async def test_a_closed_bus_can_be_opened_again(self, make_bus: MakeBus) -> None:
        bus, _ = await self.opened(make_bus, GENERAL)
        await bus.close()
        inbox = Inbox()

        await bus.open(inbox)
        bus.subscribe(OTHER)
        bus.publish(GENERAL, [message(1)])
        bus.publish(OTHER, [message(1, OTHER)])

        await inbox.until(lambda: bool(inbox.seen_events))
        assert {room for room, _ in inbox.seen_events} == {OTHER}  # subscriptions ended with the first opening
        await bus.close()


class SharedBusContract(BusContract):
    """Between nodes."""

    async def pair(self, make_bus: MakeBus, *rooms: RoomId) -> tuple[Bus, Inbox, Bus, Inbox]:
        """Two nodes that hear each other in the rooms; their inboxes are empty."""
        one, inbox = await self.opened(make_bus, *rooms)
        other, others = await self.opened(make_bus, *rooms)
        for room in rooms:
            await hears(one, room, others)
            await hears(other, room, inbox)
        for box in (inbox, others):
            box.seen_signals.clear()
        return one, inbox, other, others

    async def test_events_reach_the_other_node_in_the_order_of_their_publisher(self, make_bus: MakeBus) -> None:
        one, _, other, others = await self.pair(make_bus, GENERAL)

        one.publish(GENERAL, [message(1), message(2)])
        one.publish(GENERAL, [message(3)])

        await others.until(lambda: [seq for _, seqs in others.seen_events for seq in seqs] == [1, 2, 3])
        await one.close()
        await other.close()

    async def test_signals_and_notes_reach_the_other_node(self, make_bus: MakeBus) -> None:
        one, _, other, others = await self.pair(make_bus, GENERAL)
        here = PresenceHere(NodeId("n1"), 7, 1, 30.0, online=[UserName("ada")], whole=True)
        notes: list[NodeMessage] = [
            ForUser(UserId(7), Membership(GENERAL, member=True), "connection-1"),
            UserChanged(UserId(7), ["a"], renamed=True),
            Ping(NodeId("n1"), 1),
            NodeAlive(NodeId("n1"), 5.0, "10.0.0.1:8000"),
            NodeGone(NodeId("n1")),
        ]

        one.publish(GENERAL, typing())
        one.publish(GENERAL, here)
        for note in notes:
            one.announce(note)

        await others.until(lambda: all((GENERAL, item) in others.seen_signals for item in (typing(), here)))
        await others.until(lambda: all(note in others.seen_messages for note in notes))
        await one.close()
        await other.close()

    async def test_each_kind_of_event_survives_the_way(self, make_bus: MakeBus) -> None:
        one, _, other, others = await self.pair(make_bus, GENERAL)
        ada = UserName("ada")
        events: list[Event] = [
            RoomCreated(GENERAL, 1, ada, 17, "Title", "Topic"),
            MemberJoined(GENERAL, 2, ada, 18, "Ada"),
            Message(GENERAL, 3, ada, 19, "\u00e4\U0001f600 \x00"),
            UnknownEvent.of(GENERAL, 4, ada, 20, {"type": "later", "seen": [{"by": ada}]}),
            MemberLeft(GENERAL, 5, ada, 21),
        ]

        one.publish(GENERAL, events)

        await others.until(lambda: others.last_events == events)
        await one.close()
        await other.close()

    async def test_the_other_node_hears_only_of_rooms_that_it_subscribed(self, make_bus: MakeBus) -> None:
        one, _, other, others = await self.pair(make_bus, GENERAL, OTHER)
        other.unsubscribe(OTHER)

        one.publish(OTHER, [message(1, OTHER)])
        one.publish(OTHER, typing(OTHER))
        one.publish(GENERAL, [message(1)])

        await others.until(lambda: bool(others.seen_events))
        assert {room for room, _ in others.seen_events} == {GENERAL}
        assert others.seen_signals == []
        await one.close()
        await other.close()

    async def test_a_node_publishes_into_rooms_that_it_did_not_subscribe(self, make_bus: MakeBus) -> None:
        one, _, other, others = await self.pair(make_bus, GENERAL)
        one.unsubscribe(GENERAL)

        one.publish(GENERAL, [message(1)])

        await others.until(lambda: others.seen_events == [(GENERAL, [1])])
        await one.close()
        await other.close()

    async def test_what_was_said_last_before_closing_arrives(self, make_bus: MakeBus) -> None:
        one, _, other, others = await self.pair(make_bus)

        one.announce(NodeGone(NodeId("n1")))
        await one.close()

        await others.until(lambda: NodeGone(NodeId("n1")) in others.seen_messages)
        await other.close()


async def hears(speaker: Bus, room: RoomId, listener: Inbox) -> None:
    """Wait until the listener hears the speaker in this room: subscribing may take effect later."""
    probe = TypingChanged(room, UserName(f"probe-{id(speaker)}"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (room, probe) not in listener.seen_signals:
            speaker.publish(room, probe)
            await asyncio.sleep(0.005)
