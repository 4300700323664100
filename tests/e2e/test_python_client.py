"""Our Python client without WebSocket, through a balancer that keeps nobody with the node that knows them."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.bus.embedded import EmbeddedValkey
from hubbub.client import Api, Client, Phase, State
from hubbub.vocabulary import Message
from tests.support.postgres import postgres, postgres_dsn
from tests.support.round_robin import round_robin

from .cluster import cluster, forwarded_share

__all__ = ["postgres", "postgres_dsn"]
pytestmark = [pytest.mark.alone, pytest.mark.timeout(400)]

ROOM = "general"
MESSAGES = 200


async def read(client: Client, count: int) -> list[tuple[int, str]]:
    """So many messages, as they come."""
    found: list[tuple[int, str]] = []
    async for event in client.events():
        if isinstance(event, Message):
            found.append((event.seq, event.text))
            if len(found) == count:
                break
    return found


async def test_polling_and_event_streams_need_no_stickiness(postgres_dsn: str) -> None:
    async with (
        EmbeddedValkey() as bus,
        cluster(postgres_dsn, bus, size=2) as nodes,
        round_robin([node.port for node in nodes]) as balancer,
    ):
        api = Api(balancer.url)
        ada, bob = [(await api.sign_up(name, "correct horse")).token for name in ("ada", "bob")]
        async with Client(balancer.url, ada, transport="polling") as poller:
            await poller.create_room(ROOM)  # by a second connection, and so on the other node
            async with Client(balancer.url, bob, transport="sse") as streamer:
                lost: list[State] = []
                for client in (poller, streamer):
                    client.observe(lambda state: lost.append(state) if state.phase is Phase.RECONNECTING else None)
                    await client.join(ROOM)
                expected, heard = await _talk(poller, streamer)
                assert lost == []
                assert (poller.state.transport, streamer.state.transport) == ("polling", "sse")
            share = await forwarded_share(nodes[0].url)
            print(f"forwarded: {share:.0%} of the requests")
            assert share > 0.2
        first = expected[0][0]
        assert [seq for seq, _ in expected] == list(range(first, first + MESSAGES)), "something else is in the room"
        assert heard == [expected, expected]


async def _talk(*clients: Client) -> tuple[list[tuple[int, str]], list[list[tuple[int, str]]]]:
    """All say the same number of messages at the same time. Returns what was acknowledged, and what each heard."""
    reading = [asyncio.create_task(read(client, MESSAGES)) for client in clients]
    sent: list[tuple[int, str]] = []
    for number in range(MESSAGES // len(clients)):
        texts = [f"{number} of {client.state.transport}" for client in clients]
        replies = await asyncio.gather(*map(Client.send, clients, [ROOM] * len(clients), texts))
        sent += [(reply.seq, text) for reply, text in zip(replies, texts, strict=True)]
    async with asyncio.timeout(60):
        return sorted(sent), await asyncio.gather(*reading)
