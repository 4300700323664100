"""Who a connection acts as: by its handshake or by `auth`, and until its login ends."""

from __future__ import annotations

import pytest

from hubbub.errors import CloseCode, Unauthenticated
from hubbub.vocabulary import Auth, Limits, RoomId, RoomList, Rooms, Send, Subscribed, Typing, Watch, Welcome

from .client import SOCKETIO, Failed, Replied
from .world import World, shake

COOKIE = "hubbub_session="


async def test_a_bearer_header_signs_in_and_is_welcomed(world: World) -> None:
    actor = await world.account("ada")
    ada = await world.connect(shake(authorization=f"bearer {world.tokens['ada']}"))
    assert ada.log == [
        Welcome(
            user=actor.user,
            session=actor.session,
            transport="websocket",
            wire="native.json",
            heartbeat_seconds=25.0,
            limits=Limits(16384, 65536),
        )
    ]


async def test_a_wrong_bearer_token_is_refused(world: World) -> None:
    with pytest.raises(Unauthenticated):
        await world.connect(shake(authorization="Bearer " + "x" * 43))


async def test_a_cookie_of_our_own_page_signs_in(world: World) -> None:
    await world.account("ada")
    cookie = f"theme=dark; {COOKIE}{world.tokens['ada']}; x"
    ada = await world.connect(shake(cookie=cookie, origin="http://chat.example", host="chat.example"))
    assert len(ada.all(Welcome)) == 1


async def test_a_cookie_from_another_page_does_not_count(world: World) -> None:
    await world.account("ada")
    cookie = COOKIE + world.tokens["ada"]
    ada = await world.connect(shake(cookie=cookie, origin="https://evil.example", host="chat.example"))
    assert ada.log == []
    assert await ada.refused(Rooms()) == "unauthenticated"


async def test_a_stale_cookie_is_reported_and_the_client_may_still_sign_in(world: World) -> None:
    await world.account("ada")
    ada = await world.connect(shake(cookie=COOKIE + "x" * 43))
    assert ada.log == [Failed(None, "unauthenticated")]
    await ada.ask(Auth(world.tokens["ada"]), Subscribed)
    world.clock.advance(60)
    assert ada.open


async def test_socketio_signs_in_while_connecting_or_not_at_all(world: World) -> None:
    await world.account("ada")
    ada = await world.connect(shake(auth={"token": world.tokens["ada"]}), SOCKETIO)
    assert ada.all(Welcome)[0].wire == "socketio"
    cookie = await world.connect(shake(cookie=COOKIE + world.tokens["ada"]), SOCKETIO)
    assert len(cookie.all(Welcome)) == 1
    for handshake in (shake(), shake(auth={"token": "wrong"}), shake(auth={"token": 3}), shake(cookie=COOKIE + "x")):
        with pytest.raises(Unauthenticated):
            await world.connect(handshake, SOCKETIO)


async def test_auth_is_answered_by_welcome_then_by_the_reply(world: World) -> None:
    await world.account("ada")
    ada = await world.connect()
    ref = ada.begin(Auth(world.tokens["ada"]))
    await ada.answer(ref)
    assert [type(one) for one in ada.log] == [Welcome, Replied]
    ada.tell(Auth(world.tokens["ada"]))
    await ada.ask(Rooms(), RoomList)
    assert [type(one) for one in ada.log] == [Welcome, Replied, Welcome, Replied]


async def test_nothing_but_auth_is_answered_before_signing_in(world: World) -> None:
    await world.room()
    stranger = await world.connect()
    room = RoomId("general")
    for command in (Rooms(), Send(room, "hello", "n"), Typing(room), Watch(room), Watch(None)):
        assert await stranger.refused(command) == "unauthenticated"
    assert await stranger.refused(Auth("nonsense")) == "unauthenticated"
    assert stranger.open


async def test_a_connection_does_not_change_its_user(world: World) -> None:
    await world.account("bob")
    ada = await world.person("ada")
    assert await ada.refused(Auth(world.tokens["bob"])) == "forbidden"
    await ada.ask(Auth(world.tokens["ada"]), Subscribed)


async def test_who_does_not_sign_in_is_closed(world: World) -> None:
    early = await world.connect()
    world.clock.advance(5)
    late = await world.connect()
    gone = await world.connect()
    gone.leave()
    world.clock.advance(5)
    assert early.ended is not None
    assert early.ended.code is CloseCode.AUTH_TIMEOUT
    assert late.ended is None
    world.clock.advance(5)
    await late.gone()
    assert gone.ended is None


async def test_a_login_that_ends_takes_its_connections_with_it(world: World) -> None:
    ada, other = await world.person("ada"), await world.person("ada")
    third = await world.person("ada")
    await world.account("ada")
    elsewhere = await world.person("ada")
    session = ada.all(Welcome)[0].session
    world.chat.end_sessions((await world.account("ada")).user_id, [session, "unknown"])
    for person in (ada, other, third):
        assert person.ended is not None
        assert person.ended.code is CloseCode.SESSION_ENDED
        assert not person.ended.reconnect
    assert elsewhere.open
    assert world.chat.census()["users"] == 1
    elsewhere.leave()
    assert world.chat.census()["users"] == 0


async def test_the_identity_says_when_a_login_ends(world: World) -> None:
    ada = await world.person("ada")
    login = await world.identity.authenticate(world.tokens["ada"])
    await world.identity.end(login, login.id)
    assert ada.ended is not None
    assert ada.ended.code is CloseCode.SESSION_ENDED


async def test_a_login_that_ends_while_its_connection_signs_in_lets_nobody_in(world: World) -> None:
    actor = await world.account("ada")
    connection = await world.connect()
    world.store.hold("logins.by_token")
    ref = connection.begin(Auth(world.tokens["ada"]))
    await world.ticks()
    world.chat.end_sessions(actor.user_id, [actor.session])
    world.store.release("logins.by_token")
    assert await connection.answer(ref) == Failed(ref, "unauthenticated")
    world.clock.advance(59)
    world.chat.end_sessions(actor.user_id, ["another"])
    world.clock.advance(2)  # old endings are forgotten, in their order
    assert world.chat.census()["users"] == 0


async def test_a_client_that_goes_while_it_signs_in_is_not_online(world: World) -> None:
    actor = await world.account("ada")
    connection = await world.connect()
    world.store.hold("logins.by_token")
    connection.begin(Auth(world.tokens["ada"]))
    await world.ticks()
    connection.leave()
    world.store.release("logins.by_token")
    await world.person("bob")
    assert not world.chat._connections.online(actor.user_id)


async def test_one_login_is_one_actor(world: World) -> None:
    ada, other = await world.person("ada"), await world.person("ada")
    assert ada.state.actor is other.state.actor


async def test_a_new_title_is_seen_on_new_connections(world: World) -> None:
    ada = await world.person("ada")
    await world.identity.set_title(await world.identity.authenticate(world.tokens["ada"]), "Countess")
    other = await world.person("ada")
    assert [person.all(Welcome)[0].user.title for person in (ada, other)] == ["Ada", "Countess"]
