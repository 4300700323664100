"""Who is online, as a reader on one process sees a user on another: killed, and stopped in good order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hubbub.bus.embedded import EmbeddedValkey
from hubbub.client import Api, Backoff, Client
from hubbub.vocabulary import Presence, TypingChanged
from tests.support.postgres import postgres, postgres_dsn
from tests.support.round_robin import round_robin

from .cluster import NodeProcess, cluster

__all__ = ["postgres", "postgres_dsn"]
pytestmark = [pytest.mark.alone, pytest.mark.timeout(400)]

ROOM = "general"


@pytest.fixture
async def nodes(postgres_dsn: str) -> AsyncIterator[list[NodeProcess]]:
    async with EmbeddedValkey() as bus, cluster(postgres_dsn, bus, size=2) as nodes:
        await Api(nodes[0].url).sign_up("bob", "correct horse")
        yield nodes


class Screen:
    """What a client shows of the room that it watches.

    Attributes:
        online: who is there.
        left: who was ever shown as offline, in this order.
        typists: who was shown as typing, once for each time.
    """

    def __init__(self) -> None:
        self.online: set[str] = set()
        self.left: list[str] = []
        self.typists: list[str] = []
        self._changed = asyncio.Condition()

    async def until(self, condition: Callable[[Screen], bool]) -> None:
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: condition(self))

    async def show(self, client: Client) -> None:
        """For ever."""
        async for item in client.signals():
            async with self._changed:
                if isinstance(item, Presence):
                    self.online |= set(item.online)
                    self.online -= set(item.offline)
                    self.left += item.offline
                elif isinstance(item, TypingChanged) and item.typing:
                    self.typists.append(item.user)
                self._changed.notify_all()


@asynccontextmanager
async def watching(url: str) -> AsyncIterator[Screen]:
    """Bob, on this node, in the room that he makes."""
    login = await Api(url).sign_in("bob", "correct horse")
    screen = Screen()
    async with Client(url, login.token) as client:
        await client.create_room(ROOM)
        await client.join(ROOM)
        screen.online = set((await client.watch(ROOM)).online)
        showing = asyncio.create_task(screen.show(client))
        try:
            yield screen
        finally:
            showing.cancel()


async def types_until_seen(client: Client, screen: Screen, user: str) -> None:
    """Each of its typing signals may be lost."""
    before = screen.typists.count(user)
    client.typing(ROOM)
    await screen.until(lambda screen: screen.typists.count(user) > before)


@asynccontextmanager
async def joined(url: str, name: str) -> AsyncIterator[Client]:
    login = await Api(url).sign_up(name, "correct horse")
    async with Client(url, login.token) as client:
        await client.join(ROOM)
        yield client


async def test_who_is_on_a_node_that_is_killed_is_offline_when_its_lease_ends(nodes: list[NodeProcess]) -> None:
    here, there = nodes
    async with watching(there.url) as screen, joined(here.url, "ada") as ada:
        await screen.until(lambda screen: "ada" in screen.online)
        await types_until_seen(ada, screen, "ada")
        assert screen.left == []
        began = asyncio.get_running_loop().time()
        await here.kill()
        await screen.until(lambda screen: "ada" not in screen.online)
        took = asyncio.get_running_loop().time() - began
        print(f"offline {took:.1f} s after the kill")
        assert 3 < took < 20, "the lease is 6 s, renewed every 2 s"
        assert screen.left == ["ada"]


async def test_who_moves_from_a_node_that_stops_was_never_away(nodes: list[NodeProcess]) -> None:
    here, there = nodes
    login = await Api(here.url).sign_up("ada", "correct horse")
    async with (
        watching(there.url) as screen,
        round_robin([here.port, there.port]) as balancer,
        Client(
            balancer.url, login.token, backoff=Backoff(1.5, 1.5), random=lambda: 0.99
        ) as ada,  # long enough to be missed
        joined(here.url, "eve"),  # knows no other node: she can't come back
        joined(there.url, "joe") as joe,
    ):
        await ada.join(ROOM)
        assert balancer.connections == {here.port: 1, there.port: 0}
        await screen.until(lambda screen: {"ada", "eve", "joe"} <= screen.online)
        await types_until_seen(ada, screen, "ada")
        here.signal(signal.SIGTERM)
        assert await here.ended() == 0
        await screen.until(lambda screen: "eve" in screen.left)
        # ada left the node at most 2 s later than eve; joe gets as long as she had to come back, and from now on
        await joe.close()
        await screen.until(lambda screen: "joe" in screen.left)
        assert screen.left == ["eve", "joe"]
        assert balancer.connections[there.port] >= 1
        await types_until_seen(ada, screen, "ada")
