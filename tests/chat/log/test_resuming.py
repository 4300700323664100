"""An event stream's id: where a connection is in all its rooms, and how to go on from there."""

from __future__ import annotations

import json
from pathlib import Path

import httpx

from hubbub.app import running
from hubbub.chat.log.resuming import Follow, commands
from hubbub.config import Config
from hubbub.vocabulary import RoomId


def test_rooms_come_from_the_url_and_the_last_id() -> None:
    assert commands("join=a&join=b&x=1", "b:7,c:0") == [
        Follow(room=RoomId("a"), ref="a"),
        Follow(room=RoomId("b"), since=7, ref="b"),
        Follow(room=RoomId("c"), since=0, ref="c"),
    ]


def test_what_is_no_position_is_ignored() -> None:
    assert commands("", "") == []
    assert commands("join=", "nonsense,:1,a:,a:01,A:1,a:99999999999999999") == []
    assert len(commands("", ",".join(f"r{n}:1" for n in range(500)))) == 100


async def test_a_plain_event_source_misses_nothing(tmp_path: Path) -> None:
    async with (
        running(Config(port=0, data=str(tmp_path))) as app,
        httpx.AsyncClient(base_url=app.url, timeout=5) as http,
    ):
        account = {"name": "ada", "password": "correct horse"}
        token = (await http.post("/api/v1/accounts", json=account)).json()["token"]
        http.headers["authorization"] = f"Bearer {token}"
        for room in ("general", "random"):
            await http.post("/api/v1/rooms", json={"room": room})

        async def say(room: str, text: str) -> None:
            body = {"text": text, "nonce": text}
            assert (await http.post(f"/api/v1/rooms/{room}/messages", json=body)).status_code == 201

        async def read(last_id: str, wanted: str) -> tuple[list[str], str]:
            """The texts up to `wanted` and the id after it."""
            texts, headers = [], {"last-event-id": last_id} if last_id else {}
            async with http.stream("GET", "/sse?join=general&join=random", headers=headers) as response:
                async for line in response.aiter_lines():
                    field, _, value = line.partition(": ")
                    if field == "data" and json.loads(value)["type"] == "message":
                        texts.append(json.loads(value)["text"])
                    elif field == "id":
                        last_id = value
                        if last_id.count(",") == 1 and not texts and not wanted:
                            break
                        if wanted in texts:
                            break
            return texts, last_id

        nothing, position = await read("", "")
        assert nothing == []
        assert position == "general:2,random:2"
        for number in range(5):
            await say("general", f"g{number}")
            await say("random", f"r{number}")
        texts, position = await read(position, "r4")
        assert sorted(texts) == sorted([f"{room}{number}" for room in "gr" for number in range(5)])
        assert position == "general:7,random:7"
        await say("random", "last")
        assert await read(position, "last") == (["last"], "general:7,random:8")


async def test_a_url_makes_nobody_a_member(tmp_path: Path) -> None:
    async with (
        running(Config(port=0, data=str(tmp_path))) as app,
        httpx.AsyncClient(base_url=app.url, timeout=5) as http,
    ):
        tokens = {}
        for name in ("ada", "bob"):
            account = {"name": name, "password": "correct horse"}
            tokens[name] = (await http.post("/api/v1/accounts", json=account)).json()["token"]
        ada, bob = ({"authorization": f"Bearer {tokens[name]}"} for name in ("ada", "bob"))
        await http.post("/api/v1/rooms", json={"room": "general"}, headers=ada)
        for last_id in ("", "general:1", "general:99"):
            headers = {**bob, **({"last-event-id": last_id} if last_id else {})}
            async with http.stream("GET", "/sse?join=general", headers=headers) as response:
                async for line in response.aiter_lines():
                    if '"type":"reply"' in line:
                        assert json.loads(line.removeprefix("data: "))["error"]["code"] == "room_forbidden"
                        break
        members = (await http.get("/api/v1/rooms/general/members", headers=ada)).json()
        assert [member["name"] for member in members["members"]] == ["ada"]
        assert (await http.get("/api/v1/rooms", headers=bob)).json()["rooms"] == []
