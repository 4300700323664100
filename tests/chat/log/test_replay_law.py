"""The replay law: an old state with the events since then applied is the new state, for everything that has `seq`."""

from __future__ import annotations

from dataclasses import dataclass, field

from hubbub.vocabulary import (
    Done,
    Event,
    EventPage,
    History,
    Join,
    Joined,
    Leave,
    MemberJoined,
    MemberLeft,
    MemberPage,
    Members,
    Message,
    Read,
    ReadMark,
    RoomChanged,
    RoomCreated,
    RoomId,
    RoomList,
    Rooms,
    UserName,
)
from tests.chat.client import TestConnection
from tests.chat.world import World, say

GENERAL = RoomId("general")


@dataclass
class Picture:
    """What a client knows of a room; `me` reads nothing here by itself."""

    me: UserName
    head: int = 0
    title: str = ""
    members: set[UserName] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    unread: int = 0

    def apply(self, event: Event) -> None:
        assert event.seq == self.head + 1, "the log has no hole and no repeat"
        self.head = event.seq
        match event:
            case RoomCreated():
                self.title = event.title
            case MemberJoined():
                self.members.add(event.sender)
            case MemberLeft():
                self.members.discard(event.sender)
            case Message():
                self.texts.append(event.text)
                self.unread = 0 if event.sender == self.me else self.unread + 1  # who sends has read up to there
            case RoomChanged():
                self.title = event.title
            case _:
                pass


async def fresh(person: TestConnection, me: UserName) -> Picture:
    """The picture that somebody gets who asks for everything now."""
    (state,) = (await person.ask(Rooms(), RoomList)).rooms
    members = await person.ask(Members(GENERAL), MemberPage)
    page = await person.ask(History(GENERAL, limit=200), EventPage)
    assert not page.more
    return Picture(
        me,
        page.head,
        state.title,
        {member.name for member in members.members},
        [event.text for event in page.events if isinstance(event, Message)],
        state.unread,
    )


async def test_old_state_and_events_give_the_new_state(world: World) -> None:
    await world.room()
    ada, bob, cyd = [await world.person(name, "general") for name in ("ada", "bob", "cyd")]
    me = world.user("ada").name
    await say(bob, "before")
    await ada.ask(Read(GENERAL, 6), ReadMark)
    picture = await fresh(ada, me)
    assert picture.unread == 0

    await say(bob, "one", "two")
    await say(ada, "mine")
    await cyd.ask(Leave(GENERAL), Done)
    ada.leave()
    await say(bob, "while ada was away")
    await cyd.ask(Join(GENERAL), Joined)
    await (await world.person("dan", "general")).ask(Leave(GENERAL), Done)
    back = await world.person("ada", "general", since=picture.head)
    await say(bob, "after")
    await back.has("general", 15)
    for event in [event for event in ada.events("general") if event.seq > picture.head]:
        assert event in (await back.ask(History(GENERAL, limit=200), EventPage)).events
    for event in back.events("general"):
        picture.apply(event)

    assert picture == await fresh(back, me)
    assert picture.members == {UserName(name) for name in ("founder", "ada", "bob", "cyd")}


async def test_a_picture_from_the_first_entry_is_the_whole_truth(world: World) -> None:
    await world.room()
    ada = await world.person("ada", "general")
    await say(ada, "one", "two")
    picture = Picture(world.user("ada").name)
    back = await world.person("ada", "general", since=0)
    await back.has("general", 5)
    for event in back.events("general"):
        picture.apply(event)
    assert picture == await fresh(back, picture.me)
