"""Two nodes of one installation, one of which is of a later version: every room stays in order on both."""

from __future__ import annotations

import asyncio
import json
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from hubbub.bus.embedded import EmbeddedValkey
from hubbub.client import Api, Client
from hubbub.verify.plan import Plan
from hubbub.verify.run import Run
from hubbub.vocabulary import Message, RoomId, UnknownEvent
from tests.support.later import POLL
from tests.support.nodes import Node
from tests.support.postgres import postgres, postgres_dsn
from tests.support.round_robin import round_robin
from tests.support.serve_later_version import NUMBERS

from .talkers import JS

__all__ = ["postgres", "postgres_dsn"]
pytestmark = [pytest.mark.alone, pytest.mark.timeout(400)]

PASSWORD = "correct horse"
LATER = "tests.support.serve_later_version"
PATIENCE_SECONDS = 120


@asynccontextmanager
async def installation(folder: Path, dsn: str, *modules: str) -> AsyncIterator[list[Node]]:
    """A node of each of these programs, on one PostgreSQL and one Valkey, with an administrator."""
    async with EmbeddedValkey() as bus:
        settings = ("--database", dsn, "--bus", bus, "--shutdown-grace-seconds", "2")
        nodes = [
            Node(folder, number, [*settings, "--data", str(folder / f"data{number}")], module)
            for number, module in enumerate(modules, 1)
        ]
        try:
            for node in nodes:
                await node.start()
            await Api(nodes[0].url).sign_up("admin", PASSWORD)
            yield nodes
        finally:
            await asyncio.gather(*(node.kill() for node in nodes))


async def log_of(url: str, token: str, room: str) -> list[dict[str, Any]]:
    """A room's log as a node gives it by REST to a member, which the asking person becomes."""
    events: list[dict[str, Any]] = []
    async with httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}) as http:
        (await http.post(f"/api/v1/rooms/{room}/members", json={})).raise_for_status()
        while True:
            page = (await http.get(f"/api/v1/rooms/{room}/events", params={"after": len(events), "limit": 100})).json()
            events += page["events"]
            if not page["more"]:
                return events


async def test_under_load_every_wire_stays_in_order_on_both(tmp_path: Path, postgres_dsn: str) -> None:
    async with (
        installation(tmp_path, postgres_dsn, "hubbub", LATER) as (old, later),
        round_robin([old.port, later.port]) as balancer,
    ):
        plan = Plan(
            urls=(old.url, later.url, balancer.url),
            rate=40,
            seconds=8,
            senders=6,
            readers=12,
            accounts=3,
            drop_every_seconds=3,
            settle_seconds=PATIENCE_SECONDS,
        )
        outcome = await Run(plan, print)()
        assert outcome.settled, outcome
        assert outcome.verdict.kept, outcome.verdict
        token = (await Api(old.url).sign_up("judge", PASSWORD)).token
        for room in outcome.rooms:
            ours, theirs = [await log_of(node.url, token, room) for node in (old, later)]
            assert ours == theirs
            assert [event["seq"] for event in ours] == list(range(1, len(ours) + 1))
            polls = [event for event in ours if event["type"] == "poll_opened"]
            assert len(polls) > 5
            assert all(POLL["options"] == poll["options"] for poll in polls)
    skipped = [line for line in old.log.read_text().splitlines() if "of a later version" in line]
    assert sorted(line.rpartition(": ")[2] for line in skipped) == [
        "the node message 'poll_noted' is skipped",
        "the signal 'waving' is skipped",
    ]


async def follow(url: str, token: str, room: str, transport: str) -> Process:
    """The TypeScript client."""
    return await asyncio.create_subprocess_exec("node", "follow.mjs", url, token, room, transport, cwd=JS, stdout=PIPE)


async def test_both_clients_see_it_by_its_type_or_skip_it_and_their_cursors_move(
    tmp_path: Path, postgres_dsn: str
) -> None:
    async with installation(tmp_path, postgres_dsn, "hubbub", LATER) as (old, later):
        tokens = {name: (await Api(old.url).sign_up(name, PASSWORD)).token for name in ("ada", "bob", "cyd", "dan")}
        async with (
            Client(later.url, tokens["ada"]) as ada,
            Client(old.url, tokens["bob"]) as bob,
            Client(later.url, tokens["cyd"], wire="json") as cyd,
        ):
            await ada.create_room("tea")
            for client in (ada, bob, cyd):
                await client.join("tea")
            followers = [
                await follow(node.url, tokens["dan"], "tea", transport)
                for node in (old, later)
                for transport in ("polling", "sse")
            ]
            try:
                sent = [await ada.send("tea", f"m{number}") for number in range(12)]
                last = sent[-1].seq
                seen = {client: await read(client, last) for client in (ada, bob, cyd)}
                expected = {event["seq"]: event for event in await log_of(old.url, tokens["ada"], "tea")}
                polls = [seq for seq, event in expected.items() if event["type"] == "poll_opened" and seq < last]
                assert len(polls) >= 3
                for events in seen.values():
                    seqs = [event.seq for event in events]
                    assert seqs == list(range(seqs[0], seqs[-1] + 1))
                    assert [event.text for event in events if isinstance(event, Message)][-12:] == [
                        f"m{number}" for number in range(12)
                    ]
                    assert set(polls) <= {event.seq for event in events if isinstance(event, UnknownEvent)}
                # the old node passes the name on; the later one writes a number on its compact wire
                types = [{event.type for event in seen[client] if isinstance(event, UnknownEvent)} for client in seen]
                assert types == [{"unknown"}, {"poll_opened"}, {"poll_opened"}]
                for follower in followers:
                    await followed(follower, expected, last)
            finally:
                for follower in followers:
                    follower.kill()
                    await follower.wait()


async def read(client: Client, last: int) -> list[Message | UnknownEvent | Any]:
    """What the client is given up to the `seq` `last`."""
    found: list[Any] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for item in client.events():
            found.append(item)
            if item.seq >= last:  # type: ignore[union-attr]  # no room is lost or reset here
                break
    assert (client.cursor("tea") or 0) >= last
    return found


async def followed(follower: Process, expected: dict[int, dict[str, Any]], last: int) -> None:
    """The TypeScript client was given everything from the beginning, in order."""
    assert follower.stdout is not None
    seq = 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while seq < last:
            event = json.loads(await follower.stdout.readline())
            if event["type"] == "joined":
                continue
            seq += 1
            assert (event["seq"], event["cursor"]) == (seq, seq)
            known = expected[seq]["type"]
            assert event["type"] == ("unknown" if known == "poll_opened" else known)


async def test_a_node_is_upgraded_and_taken_back_under_load(tmp_path: Path, postgres_dsn: str) -> None:
    began = time.monotonic()
    async with installation(tmp_path, postgres_dsn, "hubbub", "hubbub") as nodes:
        start_seconds = time.monotonic() - began  # of two nodes, on this machine at this hour
        token = (await Api(nodes[0].url).sign_up("judge", PASSWORD)).token
        under_load = asyncio.Event()

        def say(text: str) -> None:
            print(text)
            under_load.set()

        urls = tuple(node.url for node in nodes)
        plan = Plan(
            urls=urls, rate=30, seconds=10 + 4 * start_seconds, drop_every_seconds=3, settle_seconds=PATIENCE_SECONDS
        )
        run = Run(plan, say)
        running = asyncio.create_task(run())
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await under_load.wait()
            rooms = sorted({view.room for view in run.history.views})
            await nodes[1].stop()
            nodes[1].module = LATER
            await nodes[1].start()
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await polls_in(rooms, nodes[0].url, token):  # noqa: ASYNC110  the log tells nobody
                    await asyncio.sleep(0.2)
            await nodes[1].stop()
            nodes[1].module = "hubbub"
            await nodes[1].start()
            assert not running.done(), "the load ended before"
            outcome = await running
        finally:
            running.cancel()
        assert outcome.settled, outcome
        assert outcome.verdict.kept, outcome.verdict
        assert await polls_in(rooms, nodes[1].url, token) == await polls_in(rooms, nodes[0].url, token)


async def polls_in(rooms: list[RoomId], url: str, token: str) -> list[dict[str, Any]]:
    events = [event for room in rooms for event in await log_of(url, token, room)]
    return [event for event in events if event["type"] == "poll_opened"]


def test_the_later_version_has_numbers_of_its_own() -> None:
    from hubbub.vocabulary.keys import FIELD_KEYS

    assert not NUMBERS.keys() & FIELD_KEYS.keys()
    assert not set(NUMBERS.values()) & set(FIELD_KEYS.values())
