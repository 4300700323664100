"""Rooms over REST, and that a connection sees the same."""

from __future__ import annotations

import json

import httpx
import pytest
from websockets.asyncio.client import connect

from hubbub.app import Application

from .conftest import SignUp, refusal

ROOM = "/api/v1/rooms/general"


@pytest.fixture
async def general(ada: httpx.AsyncClient) -> None:
    """A room with ada in it."""
    answer = await ada.post("/api/v1/rooms", json={"room": "general", "title": "General", "topic": "All of us"})
    assert answer.status_code == 201
    assert answer.json() == {"room": "general", "title": "General", "topic": "All of us", "members": 1, "member": True}


@pytest.mark.usefixtures("general")
class TestRoom:
    async def test_it_is_in_the_directory_for_all(self, ada: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
        for client, member in ((ada, True), (bob, False)):
            page = (await client.get("/api/v1/directory")).json()
            assert [(room["room"], room.get("member", False)) for room in page["rooms"]] == [("general", member)]
            assert page["more"] is False

    async def test_the_directory_comes_in_pages(self, ada: httpx.AsyncClient) -> None:
        for name in ("alpha", "beta"):
            await ada.post("/api/v1/rooms", json={"room": name})
        first = (await ada.get("/api/v1/directory?limit=2")).json()
        assert ([room["room"] for room in first["rooms"]], first["more"]) == (["alpha", "beta"], True)
        second = (await ada.get("/api/v1/directory?limit=2&after=beta")).json()
        assert ([room["room"] for room in second["rooms"]], second["more"]) == (["general"], False)

    async def test_my_rooms_come_in_pages(self, ada: httpx.AsyncClient) -> None:
        for name in ("beta", "alpha"):
            await ada.post("/api/v1/rooms", json={"room": name})
        first = (await ada.get("/api/v1/rooms?limit=2")).json()
        assert ([room["room"] for room in first["rooms"]], first["more"]) == (["general", "beta"], True)
        second = (await ada.get("/api/v1/rooms?limit=2&after=beta")).json()
        assert [room["room"] for room in second["rooms"]] == ["alpha"]
        assert "more" not in second
        assert refusal(await ada.get("/api/v1/rooms?after=nowhere")) == (404, "unknown_room")

    async def test_it_exists_once(self, bob: httpx.AsyncClient) -> None:
        assert refusal(await bob.post("/api/v1/rooms", json={"room": "general"})) == (409, "room_exists")

    async def test_joining_twice_is_joining_once(self, bob: httpx.AsyncClient) -> None:
        first, second = await bob.post(f"{ROOM}/members"), await bob.post(f"{ROOM}/members")
        assert (first.status_code, second.status_code) == (200, 200)
        assert first.json()["head"] == second.json()["head"] == 3
        members = (await bob.get(f"{ROOM}/members")).json()
        assert [member["name"] for member in members["members"]] == ["ada", "bob"]
        assert members["total"] == 2

    async def test_members_come_in_pages(self, bob: httpx.AsyncClient) -> None:
        await bob.post(f"{ROOM}/members")
        first = (await bob.get(f"{ROOM}/members?limit=1")).json()
        assert ([member["name"] for member in first["members"]], first["more"]) == (["ada"], True)
        second = (await bob.get(f"{ROOM}/members?limit=1&after=ada")).json()
        assert ([member["name"] for member in second["members"]], second["more"]) == (["bob"], False)

    async def test_who_left_is_a_stranger(self, bob: httpx.AsyncClient) -> None:
        await bob.post(f"{ROOM}/members")
        assert (await bob.delete(f"{ROOM}/members/me")).status_code == 204
        message = {"text": "hi", "nonce": "1"}
        assert refusal(await bob.post(f"{ROOM}/messages", json=message)) == (403, "room_forbidden")
        assert refusal(await bob.get(f"{ROOM}/events")) == (403, "room_forbidden")
        assert refusal(await bob.put(f"{ROOM}/read", json={"seq": 1})) == (403, "room_forbidden")
        assert (await bob.get("/api/v1/rooms")).json() == {"rooms": []}

    async def test_a_message_gets_the_next_seq_and_a_nonce_counts_once(self, ada: httpx.AsyncClient) -> None:
        first = await ada.post(f"{ROOM}/messages", json={"text": "hi", "nonce": "a"})
        again = await ada.post(f"{ROOM}/messages", json={"text": "hi", "nonce": "a"})
        second = await ada.post(f"{ROOM}/messages", json={"text": "ho", "nonce": "b"})
        assert (first.status_code, first.json()["seq"], second.json()["seq"]) == (201, 3, 4)
        assert again.json() == {**first.json(), "repeat": True}
        page = (await ada.get(f"{ROOM}/events?after=2")).json()
        assert [(event["seq"], event["text"]) for event in page["events"]] == [(3, "hi"), (4, "ho")]
        assert (page["more"], page["head"]) == (False, 4)

    @pytest.mark.parametrize(
        ("message", "expected"),
        [
            ({"text": "", "nonce": "1"}, (400, "text_empty")),
            ({"text": "x" * 16385, "nonce": "1"}, (400, "text_too_long")),
            ({"text": "x", "nonce": ""}, (400, "bad_field")),
            ({"text": "x", "nonce": "n" * 65}, (400, "bad_field")),
            ({"text": "x"}, (400, "bad_field")),
        ],
    )
    async def test_a_message_that_can_not_be(
        self, ada: httpx.AsyncClient, message: dict[str, str], expected: tuple[int, str]
    ) -> None:
        assert refusal(await ada.post(f"{ROOM}/messages", json=message)) == expected

    async def test_history_goes_both_ways(self, ada: httpx.AsyncClient) -> None:
        for number in range(5):
            await ada.post(f"{ROOM}/messages", json={"text": str(number), "nonce": str(number)})

        async def page(query: str) -> tuple[list[int], bool]:
            answer = (await ada.get(f"{ROOM}/events?{query}")).json()
            return [event["seq"] for event in answer["events"]], answer["more"]

        assert await page("limit=2") == ([6, 7], True)
        assert await page("limit=2&before=6") == ([4, 5], True)
        assert await page("limit=2&after=5") == ([6, 7], False)
        assert await page("before=3") == ([1, 2], False)
        assert refusal(await ada.get(f"{ROOM}/events?before=3&after=1")) == (400, "bad_field")

    async def test_a_read_mark_moves_forward_only(self, ada: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
        await bob.post(f"{ROOM}/members")
        for number in range(3):
            await ada.post(f"{ROOM}/messages", json={"text": "x", "nonce": str(number)})
        room = (await bob.get("/api/v1/rooms")).json()["rooms"][0]
        assert (room["room"], room["head"], room["unread"]) == ("general", 6, 3)
        assert (await bob.put(f"{ROOM}/read", json={"seq": 5})).json() == {"room": "general", "read": 5, "unread": 1}
        assert (await bob.put(f"{ROOM}/read", json={"seq": 4})).json()["read"] == 5
        assert refusal(await bob.put(f"{ROOM}/read", json={"seq": 7})) == (409, "cursor_ahead")
        assert refusal(await bob.put(f"{ROOM}/read", json={"seq": -1})) == (400, "bad_field")

    async def test_what_is_said_by_rest_reaches_connections(
        self, server: Application, ada: httpx.AsyncClient, as_user: SignUp
    ) -> None:
        bob = await as_user("bob")
        headers = {"authorization": bob.headers["authorization"]}
        async with connect(server.url.replace("http", "ws") + "/ws", additional_headers=headers) as socket:
            await socket.recv()
            await socket.send(json.dumps({"type": "join", "ref": 1, "room": "general"}))
            while "ok" not in json.loads(await socket.recv()):
                pass
            sent = (await ada.post(f"{ROOM}/messages", json={"text": "hello", "nonce": "1"})).json()
            event = json.loads(await socket.recv())
            while event["type"] != "message":
                event = json.loads(await socket.recv())
        expected = {"type": "message", "room": "general", "sender": "ada", "text": "hello"}
        assert event == {**expected, "seq": sent["seq"], "ts": sent["ts"]}


@pytest.mark.parametrize("room", ["nowhere", "No Room", "%2e%2e", "x" * 65])
async def test_a_room_that_is_not_there(ada: httpx.AsyncClient, room: str) -> None:
    for method, path in [("GET", "events"), ("GET", "members"), ("POST", "members"), ("DELETE", "members/me")]:
        answer = await ada.request(method, f"/api/v1/rooms/{room}/{path}")
        assert refusal(answer)[1] in {"unknown_room", "bad_field"}
        assert answer.status_code in {400, 404}


async def test_a_room_s_name_follows_rules(ada: httpx.AsyncClient) -> None:
    for name in ("", "Up", "a b", "-a", "x" * 65):
        assert refusal(await ada.post("/api/v1/rooms", json={"room": name})) == (400, "bad_field")
