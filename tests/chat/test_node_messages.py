"""What other nodes say: a change of a user holds here, too."""

from __future__ import annotations

from hubbub.bus import NodeAlive, NodeId, NodeMessage, Ping, UserChanged
from hubbub.errors import CloseCode

from .world import World


async def test_a_login_that_ended_on_another_node_takes_its_connections_along(world: World) -> None:
    ada, bob = await world.person("ada"), await world.person("bob")
    actor = world.actors["ada"]

    world.bus.announce(UserChanged(actor.user_id, [actor.session]))

    await ada.gone()
    assert ada.ended is not None
    assert ada.ended.code is CloseCode.SESSION_ENDED
    assert bob.open


async def test_what_ends_here_is_told_to_all(world: World) -> None:
    seen: list[NodeMessage] = []
    world.chat.bus_receiver.node_message = seen.append  # type: ignore[method-assign, assignment]
    ada = await world.person("ada")
    login = await world.identity.authenticate(world.tokens["ada"])

    await world.identity.set_title(login, "Countess")
    assert ada.open
    await world.identity.end(login, login.id)

    await ada.gone()
    assert seen == [UserChanged(login.user_id, [], renamed=True), UserChanged(login.user_id, [login.id])]


async def test_what_nodes_say_of_themselves_is_no_matter_of_the_chat(world: World) -> None:
    ada = await world.person("ada")
    world.bus.announce(NodeAlive(NodeId("other"), 10.0))
    world.bus.announce(Ping(NodeId("other"), 1))
    assert ada.open
