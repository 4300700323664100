"""Edits, deletions, replies and reactions that can't be: the same code on every wire, and nothing is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hubbub.app import Application
from hubbub.client import Credentials

from .wires import NAMES, Asker, Fields, asker

ROOM = {"room": "general"}
HERS, MINE, GONE, OTHER = 4, 5, 6, 7
EMOJI = list("😀😁😂😃😄😅😆😇😈😉😊😋😌😍😎😏😐😑😒😓")
FAR = 2**53 - 1

BAD: list[tuple[str, Fields, str]] = [
    ("edit", {"seq": FAR, "text": "x"}, "unknown_message"),
    ("edit", {"seq": 0, "text": "x"}, "unknown_message"),
    ("edit", {"seq": 1, "text": "x"}, "unknown_message"),
    ("edit", {"seq": GONE, "text": "x"}, "message_deleted"),
    ("edit", {"seq": HERS, "text": "x"}, "not_yours"),
    ("edit", {"seq": OTHER, "text": "x", "nonce": "used"}, "nonce_reused"),
    ("edit", {"seq": MINE, "text": ""}, "text_empty"),
    ("edit", {"seq": MINE, "text": "\u200b"}, "text_empty"),
    ("edit", {"seq": MINE, "text": "x" * 16_385}, "text_too_long"),
    ("delete", {"seq": FAR}, "unknown_message"),
    ("delete", {"seq": 1}, "unknown_message"),
    ("delete", {"seq": GONE}, "message_deleted"),
    ("delete", {"seq": HERS}, "not_yours"),
    ("delete", {"seq": MINE, "nonce": "used"}, "nonce_reused"),
    ("react", {"seq": FAR, "emoji": "👍"}, "unknown_message"),
    ("react", {"seq": 2, "emoji": "👍"}, "unknown_message"),
    ("react", {"seq": GONE, "emoji": "👍"}, "message_deleted"),
    ("react", {"seq": HERS, "emoji": "👍"}, "too_many_reactions"),
    ("react", {"seq": HERS, "emoji": "a"}, "bad_field"),
    ("react", {"seq": HERS, "emoji": "👍👍"}, "bad_field"),
    ("react", {"seq": HERS, "emoji": EMOJI[0], "nonce": "used"}, "nonce_reused"),
    ("unreact", {"seq": GONE, "emoji": "👍"}, "message_deleted"),
    ("unreact", {"seq": HERS, "emoji": "1"}, "bad_field"),
    ("send", {"text": "x", "reply_to": FAR}, "unknown_message"),
    ("send", {"text": "x", "reply_to": 3}, "unknown_message"),
    ("send", {"text": "x", "reply_to": GONE}, "message_deleted"),
    ("send", {"text": "x", "nonce": "used"}, "nonce_reused"),
    ("change_room", {"title": "Room \u202egnp.exe"}, "bad_field"),
    ("change_room", {"topic": "\u200b"}, "bad_field"),
    ("change_room", {"title": "Tea", "nonce": "used"}, "nonce_reused"),
    ("versions", {"seq": 1}, "unknown_message"),
    ("versions", {"seq": GONE}, "message_deleted"),
    ("reactions", {"seq": GONE, "emoji": "👍"}, "message_deleted"),
    ("reactions", {"seq": HERS, "emoji": "a"}, "bad_field"),
    ("reactions", {"seq": HERS, "emoji": EMOJI[0], "after": "nobody"}, "not_found"),
]
READS = {"versions", "reactions"}


async def refused(one: Asker) -> list[tuple[str, Fields, str]]:
    """What each of `BAD` was answered with."""
    found = []
    for number, (kind, fields, _) in enumerate(BAD):
        nonce = {} if kind in READS else {"nonce": f"bad {number}"}
        answer = await one.ask(kind, **ROOM, **{**nonce, **fields})
        found.append((kind, fields, answer.get("code", str(answer))))
    return found


async def prepare(admin: Asker, bob: Asker) -> None:
    """A room with bob in it, and what `BAD` is about. 29 entries."""
    await admin.ask("create_room", **ROOM)
    await bob.ask("join", **ROOM)
    assert (await admin.ask("send", **ROOM, text="hers", nonce="1"))["seq"] == HERS
    for nonce, seq in (("1", MINE), ("2", GONE), ("3", OTHER)):
        assert (await bob.ask("send", **ROOM, text="mine", nonce=nonce))["seq"] == seq
    await bob.ask("delete", **ROOM, seq=GONE, nonce="4")
    await bob.ask("edit", **ROOM, seq=MINE, text="changed", nonce="used")
    for emoji in EMOJI:
        await bob.ask("react", **ROOM, seq=HERS, emoji=emoji, nonce=emoji)


@pytest.mark.parametrize("wire", NAMES)
async def test_what_can_not_be_is_refused_by_its_code_and_changes_nothing(
    wire: str, server: Application, sign_up: Callable[[str], Awaitable[Credentials]]
) -> None:
    tokens = {name: (await sign_up(name)).token for name in ("admin", "bob", "carol")}
    async with (
        asker("rest", server.url, tokens["admin"]) as admin,
        asker("rest", server.url, tokens["bob"]) as bob,
        asker(wire, server.url, tokens["bob"]) as one,
        asker(wire, server.url, tokens["carol"]) as stranger,
    ):
        await prepare(admin, bob)
        before = await admin.ask("history", **ROOM, limit=200)
        await one.ask("join", **ROOM)
        assert await refused(one) == BAD
        assert (await one.ask("edit", **ROOM, seq=MINE, text="again", nonce="used"))["repeat"] is True
        assert (await one.ask("react", **ROOM, seq=HERS, emoji=EMOJI[0], nonce="again"))["repeat"] is True
        for kind, fields in (
            ("edit", {"seq": MINE, "text": "x", "nonce": "c1"}),
            ("delete", {"seq": MINE, "nonce": "c2"}),
            ("react", {"seq": MINE, "emoji": "👍", "nonce": "c3"}),
            ("unreact", {"seq": MINE, "emoji": "👍", "nonce": "c4"}),
            ("change_room", {"title": "Mine", "nonce": "c5"}),
            ("versions", {"seq": MINE}),
            ("reactions", {"seq": MINE, "emoji": "👍"}),
        ):
            assert await stranger.ask(kind, **ROOM, **fields) == {"code": "room_forbidden"}, kind
        assert await admin.ask("history", **ROOM, limit=200) == before


@pytest.mark.parametrize("wire", NAMES)
async def test_what_can_be_is_done_and_seen_in_the_history(
    wire: str, server: Application, sign_up: Callable[[str], Awaitable[Credentials]]
) -> None:
    tokens = {name: (await sign_up(name)).token for name in ("admin", "bob")}
    async with asker(wire, server.url, tokens["admin"]) as admin, asker(wire, server.url, tokens["bob"]) as bob:
        await admin.ask("create_room", **ROOM)
        await admin.ask("join", **ROOM)
        await bob.ask("join", **ROOM)
        first = (await bob.ask("send", **ROOM, text="frist", nonce="1"))["seq"]
        answer = (await admin.ask("send", **ROOM, text="first?", nonce="1", reply_to=first))["seq"]
        await bob.ask("edit", **ROOM, seq=first, text="first", nonce="2")
        await bob.ask("react", **ROOM, seq=answer, emoji="❤", nonce="3")
        await admin.ask("react", **ROOM, seq=answer, emoji="❤️", nonce="2")
        await bob.ask("unreact", **ROOM, seq=answer, emoji="❤️", nonce="4")
        spam = (await bob.ask("send", **ROOM, text="spam", nonce="5"))["seq"]
        removed = (await admin.ask("delete", **ROOM, seq=spam, nonce="3"))["seq"]
        assert (await admin.ask("delete", **ROOM, seq=spam, nonce="3"))["repeat"] is True
        changed = (await bob.ask("change_room", **ROOM, title="The hall", nonce="6"))["seq"]
        assert (await bob.ask("change_room", **ROOM, title="The hall", nonce="6"))["repeat"] is True
        assert (await admin.ask("change_room", **ROOM, topic="All", nonce="4"))["seq"] == changed + 1
        (room,) = (await bob.ask("directory"))["rooms"]
        assert (room["title"], room["topic"]) == ("The hall", "All")
        versions = await admin.ask("versions", **ROOM, seq=first)
        assert [version["text"] for version in versions["versions"]] == ["frist", "first"]
        reactions = await bob.ask("reactions", **ROOM, seq=answer, emoji="❤")
        assert reactions == {"users": ["admin"], "more": False, "total": 1}
        page = (await bob.ask("history", **ROOM))["events"]
        messages = {event["seq"]: event for event in page if event["type"] == "message"}
        assert messages[first]["text"] == "first"
        assert messages[answer]["reply_to"] == first
        assert messages[answer]["state"]["reactions"] == [{"emoji": "❤️", "count": 1, "users": ["admin"]}]
        assert messages[spam].get("text", "") == ""
        assert messages[spam]["state"] == {"seq": removed, "deleted": True}
