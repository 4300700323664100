"""What a node of a later version says: its events are passed on, everything else is skipped."""

from __future__ import annotations

import msgspec
import pytest

from hubbub.bus import NodeGone, NodeId
from hubbub.bus.redis import envelope
from hubbub.vocabulary import UnknownEvent
from tests.contracts.bus import GENERAL, hears, message, typing
from tests.support.redis import RedisServer

from .test_faults import node


def later(head: bytes, body: object) -> bytes:
    return envelope.pack(head, b"12345678", body)


async def test_a_later_node_message_or_signal_is_skipped_with_one_line_for_each_kind(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with node(redis_server) as (one, mine), node(redis_server) as (other, _):
        await hears(other, GENERAL, mine)
        for _again in range(3):
            for head, body in (
                (envelope.MESSAGE, {"note": "user_banned", "user": 7}),
                (envelope.MESSAGE, {"note": "for_user", "user": 7, "signal": {"type": "mentioned", "room": "general"}}),
                (envelope.ECHO, {"note": "x" * 1_000}),
                (envelope.MESSAGE, [1]),
            ):
                redis_server.command("PUBLISH", "hubbub:0:nodes", later(head, body))
            redis_server.command("PUBLISH", "hubbub:0:signals:{general}", later(envelope.SIGNAL, {"type": "waving"}))
        other.publish(GENERAL, typing())
        other.announce(NodeGone(NodeId("n1")))
        await mine.until(lambda: bool(mine.seen_messages) and (GENERAL, typing()) in mine.seen_signals)
        assert mine.seen_messages == [NodeGone(NodeId("n1"))]
        assert one.counters.unreadable == 15
        said = [line.rpartition(": ")[2] for line in caplog.messages if "later version" in line]
        assert set(said) == {
            "the node message 'user_banned' is skipped",
            "the node message 'for_user' is skipped",
            f"the node message {'x' * 64!r} is skipped",
            "no object is skipped",
            "the signal 'waving' is skipped",
        }
        assert len(said) == 5 * 2, "on each of the two nodes"


async def test_a_later_event_in_a_batch_loses_none_of_the_others(redis_server: RedisServer) -> None:
    place = {"room": "general", "sender": "ada", "ts": 0}
    batch = [
        message(1),
        {"type": "later", **place, "seq": 2, "n": 5},
        {"type": "message", **place, "seq": 3, "text": 5},
        {"type": "later", "room": "general", "seq": 4},
        7,
        message(5),
    ]
    async with node(redis_server) as (one, mine), node(redis_server) as (other, _):
        await hears(other, GENERAL, mine)
        redis_server.command("PUBLISH", "hubbub:0:events:{general}", later(envelope.EVENTS, batch))
        await mine.until(lambda: bool(mine.seen_events))
        assert [event.seq for event in mine.last_events] == [1, 2, 3, 5]
        types = [msgspec.to_builtins(event)["type"] for event in mine.last_events]
        assert types == ["message", "later", "message", "message"]
        assert mine.last_events[0] == message(1)
        assert isinstance(mine.last_events[1], UnknownEvent)
        assert isinstance(mine.last_events[2], UnknownEvent)
        assert one.counters.unreadable == 0
