"""Writing past the transports: the same bytes to all, and never ahead of what waits in a transport."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest
import uvloop

from hubbub.realtime import Connection, Group, Hub, Outgoing
from hubbub.realtime.fanout.direct_write import (
    DIRECT_MEMBERS,
    DirectWriter,
    Late,
    PendingWrites,
    SocketLane,
    WritableTransport,
)
from hubbub.realtime.fanout.group import SLICE_MEMBERS
from hubbub.vocabulary import Message, RoomId, UserName


class Wire(WritableTransport):
    """A link whose transport keeps what is written until `drain`; its other end is `far`."""

    def __init__(self) -> None:
        self.near, self.far = socket.socketpair()
        self.near.settimeout(0)
        self.far.settimeout(0)
        self.kept = b""
        self.raw = True

    @property
    def descriptor(self) -> int:
        return self.near.fileno() if self.raw else -1

    @property
    def unsent_bytes(self) -> int:
        return len(self.kept)

    def write(self, data: bytes) -> None:
        self.kept += data

    def drain(self) -> None:
        self.near.settimeout(None)
        self.near.sendall(self.kept)
        self.near.settimeout(0)
        self.kept = b""

    def received(self) -> bytes:
        data = b""
        try:
            while piece := self.far.recv(1 << 20):
                data += piece
        except BlockingIOError:
            return data
        return data

    def fill(self) -> int:
        """Make the kernel take no more; how many bytes it took."""
        filled = 0
        try:
            while True:
                filled += self.near.send(b"." * 4096)
        except BlockingIOError:
            return filled

    def close(self) -> None:
        self.near.close()
        self.far.close()


class WireLane(SocketLane):
    """Members are `Reader`s; remembers to whom it wrote by the transport."""

    wire = "test"
    transport = "websocket"

    def __init__(self, unsent: PendingWrites) -> None:
        self.unsent = unsent
        self.late: list[Reader] = []

    def encode(self, outgoing: Outgoing) -> bytes:
        return cast("Message", outgoing.body).text.encode()

    def join(self, parts: Sequence[bytes]) -> bytes:
        return b"".join(parts)

    def write(self, members: Sequence[Connection], data: bytes) -> None:
        for member in members:
            reader = cast("Reader", member)
            self.late.append(reader)
            link = reader.link
            self.unsent.note(link)
            link.write(data)

    def sockets(self, members: Sequence[Connection]) -> DirectWriter | None:
        return DirectWriter.of([cast("Reader", member).link for member in members], self.unsent)


class Reader:
    def __init__(self, lane: WireLane, link: Wire) -> None:
        self.lane = lane
        self.link = link
        self.groups: tuple[Group, ...] = ()


@pytest.fixture
def wires() -> Iterator[list[Wire]]:
    made = [Wire() for _ in range(SLICE_MEMBERS + DIRECT_MEMBERS)]
    yield made
    for wire in made:
        wire.close()


async def crowd(group: Group, lane: WireLane, wires: Sequence[Wire]) -> list[Reader]:
    """Members of whom a first fan-out, by their transports, has seen that they stay."""
    readers = [Reader(lane, wire) for wire in wires]
    for one in readers:
        group.add(cast("Connection", one))
    group.publish(said("first"))
    await settle()
    assert lane.late == readers
    lane.late.clear()
    for wire in wires:
        wire.drain()
        assert wire.received() == b"first"
    return readers


def said(text: str) -> Outgoing:
    return Outgoing(Message(room=RoomId("r"), seq=1, sender=UserName("ada"), ts=0, text=text))


async def settle() -> None:
    for _ in range(4):
        await asyncio.sleep(0)


async def test_a_large_room_is_written_to_without_the_transports(wires: list[Wire]) -> None:
    loop = asyncio.get_running_loop()
    group, lane = Group(Hub(loop), "r"), WireLane(PendingWrites(loop))
    await crowd(group, lane, wires)
    for text in ("one", "two"):
        group.publish(said(text))
        await settle()
    assert lane.late == []
    assert {wire.received() for wire in wires} == {b"onetwo"}


async def test_what_waits_in_a_transport_goes_first(wires: list[Wire]) -> None:
    loop = asyncio.get_running_loop()
    group, lane = Group(Hub(loop), "r"), WireLane(PendingWrites(loop))
    readers = await crowd(group, lane, wires)
    waiting = readers[3]
    lane.write([cast("Connection", waiting)], b"reply ")
    await settle()
    lane.late.clear()
    group.publish(said("event"))
    await settle()
    assert lane.late == [waiting]
    assert wires[4].received() == b"event"
    wires[3].drain()
    assert wires[3].received() == b"reply event"
    lane.late.clear()
    group.publish(said("direct again"))
    await settle()
    assert lane.late == []
    assert wires[3].received() == b"direct again"


async def test_what_the_kernel_does_not_take_is_left_to_the_transport(wires: list[Wire]) -> None:
    loop = asyncio.get_running_loop()
    group, lane = Group(Hub(loop), "r"), WireLane(PendingWrites(loop))
    readers = await crowd(group, lane, wires)
    full, broken = wires[0], wires[1]
    filled = full.fill()
    broken.far.close()
    group.publish(said("event"))
    await settle()
    assert lane.late == readers[:2]
    assert full.received() == b"." * filled
    assert full.kept == b"event"


async def test_the_rest_of_a_piece_that_was_written_in_part_follows_it() -> None:
    wire, unsent = Wire(), PendingWrites(asyncio.get_running_loop())
    sockets = DirectWriter.of([wire, wire], unsent)
    assert sockets is not None
    data, late = b"x" * (1 << 22), list[Late]()
    sockets.write(0, 2, data, late.append)
    received = wire.received()
    assert 0 < len(received) < len(data)
    # the second member on the same socket must not get in between
    assert late == [Late(0, data[len(received) :]), Late(0, data)]
    wire.close()


async def test_who_goes_between_two_slices_is_not_written_to(wires: list[Wire]) -> None:
    loop = asyncio.get_running_loop()
    group, lane = Group(Hub(loop), "r"), WireLane(PendingWrites(loop))
    readers = await crowd(group, lane, wires)
    group.publish(said("event"))
    assert not group.flush_slice(direct=True)
    gone = readers[-1]
    group.discard(cast("Connection", gone))
    assert group.flush_slice()
    assert lane.late == readers[SLICE_MEMBERS:-1]  # with the descriptors in doubt, by their transports
    assert wires[0].received() == b"event"
    assert wires[-1].received() == b""
    assert wires[-1].kept == b""
    lane.late.clear()
    for wire in wires:
        wire.drain()
    group.publish(said("next"))
    await settle()
    assert lane.late == readers[:-1]  # whoever stays is looked at again in the fan-out after this one
    assert wires[-1].received() == b""


async def test_two_groups_of_one_tick_are_one_write_by_the_transports(wires: list[Wire]) -> None:
    loop = asyncio.get_running_loop()
    hub = Hub(loop)
    lane = WireLane(PendingWrites(loop))
    groups = [Group(hub, "a"), Group(hub, "b")]
    for group in groups:
        await crowd(group, lane, wires[:DIRECT_MEMBERS])
    for group in groups:
        group.publish(said(group.name))
    await settle()
    assert [wire.kept for wire in wires[:DIRECT_MEMBERS]] == [b"ab"] * DIRECT_MEMBERS


async def test_a_transport_that_changes_the_bytes_is_never_passed_by(wires: list[Wire]) -> None:
    loop = asyncio.get_running_loop()
    group, lane = Group(Hub(loop), "r"), WireLane(PendingWrites(loop))
    wires[5].raw = False
    readers = await crowd(group, lane, wires[:DIRECT_MEMBERS])
    group.publish(said("secret"))
    await settle()
    assert lane.late == readers
    assert wires[5].received() == b""


async def test_links_are_forgotten_when_they_have_sent_all_or_are_gone() -> None:
    unsent, wire, other = PendingWrites(asyncio.get_running_loop()), Wire(), Wire()
    for link in (wire, wire, other):
        unsent.note(link)
    wire.write(b"waits")
    assert len(unsent) == 2
    await settle()
    assert unsent.descriptors() == {wire.descriptor}
    unsent.forget(wire)
    assert len(unsent) == 0
    assert unsent.descriptors() == set()
    wire.close()
    other.close()


def what_is(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())


class Witness(asyncio.Protocol):
    """Notes whether its socket is still the one that it was when it hears that it is lost."""

    def __init__(self) -> None:
        self.descriptor = -1
        self.was = ""
        self.at_the_end: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.made = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.descriptor = transport.get_extra_info("socket").fileno()
        self.was = what_is(self.descriptor)
        self.made.set()

    def connection_lost(self, exc: Exception | None) -> None:
        try:
            self.at_the_end.set_result(what_is(self.descriptor))
        except FileNotFoundError:
            self.at_the_end.set_result("closed already")


async def see_one_end(how: str) -> tuple[str, str]:
    """What the descriptor was at first, and when its protocol heard that the connection is lost."""
    loop = asyncio.get_running_loop()
    witness = Witness()
    server = await loop.create_server(lambda: witness, "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await witness.made.wait()
    if how == "the client closes":
        writer.close()
    elif how == "the client resets":
        client = writer.get_extra_info("socket")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()
    elif how == "the server closes":
        witness.transport.close()
    else:
        witness.transport.abort()
    at_the_end = await asyncio.wait_for(witness.at_the_end, 10)
    writer.close()
    server.close()
    return witness.was, at_the_end


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="looks at /proc")
@pytest.mark.parametrize("how", ["the client closes", "the client resets", "the server closes", "the server aborts"])
@pytest.mark.parametrize("new_loop", [uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def test_a_transport_is_lost_before_its_descriptor_is_used_again(
    new_loop: Callable[[], asyncio.AbstractEventLoop], how: str
) -> None:
    """All that writes past the transports rests on this promise of the event loops."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        was, at_the_end = runner.run(see_one_end(how))
    assert was.startswith("socket:")
    assert at_the_end == was
