"""One example of everything that passes the native wire, for the descriptions of the interface.

They are Structs, so that a changed field breaks here and not in a reader's hands.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from hubbub.vocabulary import (
    Auth,
    CreateRoom,
    Directory,
    DirectoryPage,
    Done,
    EventPage,
    History,
    Join,
    Joined,
    Leave,
    Limits,
    Member,
    MemberJoined,
    MemberLeft,
    MemberPage,
    Members,
    Membership,
    Message,
    Presence,
    ProfileChanged,
    Read,
    ReadChanged,
    ReadMark,
    RoomCreated,
    RoomEntry,
    RoomId,
    RoomList,
    Rooms,
    RoomState,
    Send,
    Sent,
    Typing,
    TypingChanged,
    User,
    UserName,
    Watch,
    Watching,
    Welcome,
)

_ROOM: Final = RoomId("general")
_ADA: Final = UserName("ada")
_BOB: Final = UserName("bob")
_TS: Final = 1790000000000
_NONCE: Final = "01JD3M0Q8V9Z5K7XW2R4T6YBNC"
_MESSAGE: Final = Message(room=_ROOM, seq=43, sender=_ADA, ts=_TS, text="Good *morning*")

_ALL: Final[tuple[Struct, ...]] = (
    Auth(token="TOKEN", ref=1),  # noqa: S106  an example
    Rooms(ref=2),
    Directory(after=RoomId("design"), limit=50, ref=3),
    CreateRoom(room=_ROOM, title="General", topic="Everything else", ref=4),
    Join(room=_ROOM, since=42, ref=5),
    Leave(room=_ROOM, ref=6),
    Send(room=_ROOM, text="Good *morning*", nonce=_NONCE, ref=7),
    History(room=_ROOM, before=43, limit=2, ref=8),
    Members(room=_ROOM, after="ada", ref=9),
    Read(room=_ROOM, seq=43, ref=10),
    Typing(room=_ROOM, ref=11),
    Watch(room=_ROOM, ref=12),
    RoomCreated(room=_ROOM, seq=1, sender=_ADA, ts=_TS, title="General", topic="Everything else"),
    MemberJoined(room=_ROOM, seq=2, sender=_ADA, ts=_TS, title="Ada Lovelace"),
    MemberLeft(room=_ROOM, seq=44, sender=_BOB, ts=_TS),
    _MESSAGE,
    Welcome(
        user=User(name=_ADA, title="Ada Lovelace", admin=True),
        session="s_4fQ",
        transport="websocket",
        wire="native.json",
        heartbeat_seconds=25.0,
        limits=Limits(text_bytes=16384, frame_bytes=65536),
    ),
    TypingChanged(room=_ROOM, user=_BOB),
    Presence(room=_ROOM, count=2, online=[_BOB]),
    ReadChanged(room=_ROOM, seq=43, unread=0),
    Membership(room=_ROOM, member=True),
    ProfileChanged(user=User(name=_BOB, title="Bob the Builder")),
    Done(),
    Joined(room=_ROOM, head=43, read=42, unread=1, title="General", topic="Everything else"),
    Sent(seq=43, ts=_TS),
    EventPage(events=[MemberJoined(room=_ROOM, seq=42, sender=_BOB, ts=_TS), _MESSAGE], more=True, head=43),
    RoomEntry(room=_ROOM, title="General", topic="Everything else", members=2, member=True),
    DirectoryPage(rooms=[RoomEntry(room=_ROOM, title="General", members=2, member=True)], more=False),
    RoomList(rooms=[RoomState(room=_ROOM, head=43, read=42, unread=1, title="General", last_ts=_TS)]),
    MemberPage(members=[Member(name=_BOB, title="Bob", online=True, since_ms=_TS)], more=False, total=2),
    ReadMark(room=_ROOM, read=43, unread=0),
    Watching(room=_ROOM, count=2, online=[_ADA, _BOB]),
)

EXAMPLES: Final[dict[type[Struct], Struct]] = {type(example): example for example in _ALL}
"""By type."""
