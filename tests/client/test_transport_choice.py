"""Which transport is tried, and what is remembered of those that failed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import pytest

from hubbub.client.failures import ConnectionLost, Rejected
from hubbub.client.transport import Ending, Obstacle, Refused, Transport, TransportName
from hubbub.client.transport_choice import PATIENCE_SECONDS, TransportChooser
from hubbub.client.wires import JSON, Wire
from hubbub.errors import HubbubError, Unauthenticated

WEBSOCKET, SSE, POLLING = TransportName

FORBIDDEN: Final = Refused(Unauthenticated(), again=False, obstacle=Obstacle.REFUSED)
MISSING: Final = Refused(Rejected(), again=False, obstacle=Obstacle.REFUSED)
SILENT: Final = Refused(ConnectionLost(), obstacle=Obstacle.SILENT)
DEAD: Final = Refused(ConnectionLost())


class Open:
    """A transport that does nothing."""

    def __init__(self, name: TransportName) -> None:
        self.name = name
        self.wire: Wire = JSON
        self.first: bytes | None = None

    def post(self, frame: bytes) -> None:
        raise NotImplementedError

    def expect(self, heartbeat_seconds: float, frame_bytes: int) -> None:
        raise NotImplementedError

    def sockets(self) -> list[asyncio.BaseTransport]:
        raise NotImplementedError

    async def run(self, receive: Callable[[bytes], None]) -> Ending:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


class Network:
    """Transports that are refused, and what was tried."""

    def __init__(self, **refusals: Refused) -> None:
        self.refusals = {TransportName(name): refused for name, refused in refusals.items()}
        self.tried: list[tuple[TransportName, float]] = []

    async def open(self, name: TransportName, token: str, patience_seconds: float) -> Transport:
        assert token == "token"
        self.tried.append((name, patience_seconds))
        if name in self.refusals:
            raise self.refusals[name]
        return Open(name)

    def chooser(self, *names: TransportName) -> TransportChooser:
        return TransportChooser(names or tuple(TransportName), self.open, 20.0)

    def names(self) -> list[TransportName]:
        """What was tried since this was called last."""
        names = [name for name, _ in self.tried]
        self.tried.clear()
        return names


async def refusal(chooser: TransportChooser) -> HubbubError:
    with pytest.raises(Refused) as caught:
        await chooser.dial("token")
    return caught.value.ending.error


async def test_the_best_one_first() -> None:
    network = Network()
    chooser = network.chooser()
    assert (await chooser.dial("token")).name is WEBSOCKET
    assert network.tried == [(WEBSOCKET, PATIENCE_SECONDS)]
    assert chooser.setbacks(WEBSOCKET) == ()
    assert chooser.above(WEBSOCKET) == ()


async def test_down_to_what_works_and_there_again() -> None:
    network = Network(websocket=MISSING, sse=SILENT)
    chooser = network.chooser()
    assert (await chooser.dial("token")).name is POLLING
    assert network.tried == [(WEBSOCKET, PATIENCE_SECONDS), (SSE, PATIENCE_SECONDS), (POLLING, 20.0)]
    assert [(setback.transport, setback.obstacle) for setback in chooser.setbacks(POLLING)] == [
        (WEBSOCKET, Obstacle.REFUSED),
        (SSE, Obstacle.SILENT),
    ]
    network.names()
    await chooser.dial("token")
    assert network.names() == [POLLING]
    assert chooser.above(POLLING) == (WEBSOCKET, SSE)


async def test_when_nothing_works_any_more_it_begins_at_the_top() -> None:
    network = Network(websocket=MISSING)
    chooser = network.chooser()
    await chooser.dial("token")
    network.refusals = dict.fromkeys(TransportName, SILENT)
    network.names()
    await refusal(chooser)
    assert network.names() == [SSE, POLLING]
    await refusal(chooser)
    assert network.names() == [WEBSOCKET, SSE, POLLING]


async def test_what_is_not_there_is_not_tried_otherwise() -> None:
    network = Network(websocket=DEAD)
    assert isinstance(await refusal(network.chooser()), ConnectionLost)
    assert network.names() == [WEBSOCKET]
    network = Network(websocket=MISSING, sse=DEAD)
    assert isinstance(await refusal(network.chooser()), ConnectionLost)
    assert network.names() == [WEBSOCKET, SSE]


async def test_of_several_reasons_the_first_counts_unless_the_token_is_wrong() -> None:
    assert isinstance(await refusal(Network(websocket=MISSING, sse=SILENT, polling=SILENT).chooser()), Rejected)
    found = await refusal(Network(websocket=SILENT, sse=FORBIDDEN, polling=FORBIDDEN).chooser())
    assert isinstance(found, Unauthenticated)


async def test_where_the_best_has_worked_the_first_failure_is_only_waited_out() -> None:
    network = Network()
    chooser = network.chooser()
    await chooser.dial("token")
    network.refusals[WEBSOCKET] = FORBIDDEN
    with pytest.raises(Refused) as caught:
        await chooser.dial("token")
    assert caught.value.ending.again
    assert (await chooser.dial("token")).name is SSE


async def test_a_single_one_is_the_last_one() -> None:
    network = Network(sse=FORBIDDEN)
    chooser = network.chooser(SSE)
    for _ in range(2):
        assert isinstance(await refusal(chooser), Unauthenticated)
    assert network.tried == [(SSE, 20.0)] * 2
    assert chooser.above(SSE) == ()


async def test_better_transports_are_tried() -> None:
    network = Network(websocket=SILENT)
    chooser = network.chooser()
    found = await chooser.better(POLLING, "token")
    assert found is not None
    assert found.name is SSE
    assert network.tried == [(WEBSOCKET, 20.0), (SSE, 20.0)]
    network.refusals[SSE] = DEAD
    assert await chooser.better(POLLING, "token") is None
    assert [setback.transport for setback in chooser.setbacks(POLLING)] == [WEBSOCKET]


async def test_a_connection_that_is_held_back_later_is_not_made_the_same_way() -> None:
    network = Network(websocket=MISSING)
    chooser = network.chooser()
    assert (await chooser.dial("token")).name is SSE
    chooser.failed(SSE, Obstacle.SILENT, ConnectionLost())
    assert (await chooser.dial("token")).name is POLLING
    chooser.failed(POLLING, Obstacle.SILENT, ConnectionLost())
    assert (await chooser.dial("token")).name is POLLING
