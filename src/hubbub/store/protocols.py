"""What every store promises. The store is the truth; everything else can be rebuilt from it.

Obligations of all methods: they raise `StoreUnavailable` when the engine can't answer, and then nothing of the call
has happened or all of it has. A write is durable (it survives a crash of process and machine) before it returns.
Each sentence here has a test in `tests/contracts/store.py`, which runs for every implementation. An engine has three
parts: the log (`EventStore`), rooms with members, and records of everything else (`records.RecordEngine`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import Struct

from hubbub.errors import (
    HeadMoved,
    HubbubError,
    MessageGone,
    NonceReused,
    NotYours,
    RoomExists,
    RoomForbidden,
    TooManyReactions,
    UnknownMessage,
    UnknownRoom,
    UnknownUser,
)
from hubbub.vocabulary import Event, RoomEntry, RoomId, RoomState, Seq, User, UserId, UserName, Version

from .records import Records

ALL_BYTES: Final = 2**62
"""A page that no size of its texts ends."""

PAGE_BYTES: Final = 131_072
"""Of texts, in a page for a client: more at once keeps everybody else waiting (measured: 8 ms instead of 0.6)."""


class Account(Struct, frozen=True):
    """A person or a bot. `password_hash` is an argon2 string; empty: cannot sign in with a password."""

    id: UserId
    name: UserName
    title: str
    admin: bool
    password_hash: str
    created_ms: int

    def __repr__(self) -> str:
        """Without the hash: this may end up in a log."""
        return f"Account(id={self.id}, name={self.name!r}, admin={self.admin})"


class Login(Struct, frozen=True):
    """One login on one device. `id` is public to its user; the token itself is never stored, only its SHA-256."""

    id: str
    user_id: UserId
    user: User
    created_ms: int
    seen_ms: int
    expires_ms: int
    device: str


class Draft(Struct, frozen=True, gc=False):
    """An event on its way into the log, whatever its kind: `seq` and `ts` of `event` are 0 and mean nothing.

    Attributes:
        sender_id: who causes it; `event.sender` is that user's name.
        nonce: what makes a repeated attempt the same event; None: this kind can't be doubled.
        own: the message that it is about has to be the sender's.
        expected_head: it is only stored when this is the room's last `seq` then; None: in any case.
    """

    event: Event
    sender_id: UserId
    nonce: str | None = None
    own: bool = False
    expected_head: Seq | None = None


class Appended(Struct, frozen=True, gc=False):
    """The event is in the log at `seq`.

    `repeat`: nothing was stored now. Either this nonce was there before, with this `ts`; or what the event says was so
    already (a member joins), and `seq` is the last of the log then.
    """

    seq: Seq
    ts: int
    repeat: bool = False


class Refused(Struct, frozen=True, gc=False):
    """Not stored. `code` is that of the error which tells why."""

    code: str

    def error(self) -> HubbubError:
        """What the caller of an action gets."""
        return _REFUSALS[self.code]()


_REFUSALS: Final = {
    error.code: error
    for error in (
        HeadMoved,
        MessageGone,
        NonceReused,
        NotYours,
        RoomExists,
        RoomForbidden,
        TooManyReactions,
        UnknownMessage,
        UnknownRoom,
        UnknownUser,
    )
}


class StoredMember(Struct, frozen=True, gc=False):
    id: UserId
    name: UserName
    title: str
    since_ms: int


class RoomHead(Struct, frozen=True, gc=False):
    """What joining needs to know of a room.

    `member`: whether the asking user is one. `epoch`: what its log is known by; another number, another log.
    """

    room: RoomId
    title: str
    topic: str
    epoch: int
    head: Seq
    read: Seq
    unread: int
    member: bool


class AccountStore(Protocol):
    async def create(
        self, name: UserName, title: str, password_hash: str, now_ms: int, *, admin: bool = False
    ) -> Account:
        """Add an account; the first one of a store becomes administrator, others with `admin`. Raises NameTaken."""
        ...

    async def by_name(self, name: UserName) -> Account | None: ...

    async def profile(self, user_id: UserId) -> User:
        """A user as others see it now. Raises UnknownUser."""
        ...

    async def count(self) -> int: ...

    async def page(self, after: str | None, limit: int) -> list[User]:
        """Accounts by name, those after `after`, as others see them."""
        ...

    async def update(self, user_id: UserId, *, title: str | None = None, password_hash: str | None = None) -> None:
        """Change what is given. Raises UnknownUser."""
        ...


class LoginStore(Protocol):
    async def create(
        self, login_id: str, user_id: UserId, token_sha256: bytes, device: str, now_ms: int, expires_ms: int
    ) -> Login:
        """Add a login, seen at `now_ms`. Logins of this user that have expired by then go. Raises UnknownUser."""
        ...

    async def by_token(self, token_sha256: bytes, now_ms: int) -> Login | None:
        """The login of this token; None when there is none or it has expired at `now_ms`."""
        ...

    async def of_user(self, user_id: UserId, now_ms: int, after: str | None, limit: int) -> list[Login]:
        """The user's logins that have not expired at `now_ms`, oldest first, at most `limit`, those after `after`.

        Raises NotFound when `after` is no login of this user.
        """
        ...

    async def expiries(self, login_ids: Sequence[str]) -> dict[str, int]:
        """When each of these logins expires (Unix milliseconds), without those that do not exist."""
        ...

    async def touch(self, login_id: str, now_ms: int, expires_ms: int) -> None:
        """The login was seen at `now_ms` and lives until `expires_ms`; neither moves back. Nothing when it ended."""
        ...

    async def end(self, user_id: UserId, login_id: str) -> bool:
        """Delete one login of this user; False when there was none."""
        ...

    async def end_others(self, user_id: UserId, keep: str | None) -> list[str]:
        """Delete this user's logins except `keep`; the ids of those deleted, in no order."""
        ...


class RoomStore(Protocol):
    async def head(self, room: RoomId, user_id: UserId) -> RoomHead:
        """Raises UnknownRoom."""
        ...

    async def heads(self, rooms: Sequence[RoomId]) -> dict[RoomId, Seq]:
        """The last `seq` of each room that exists."""
        ...

    async def directory(self, user_id: UserId, after: RoomId | None, limit: int) -> list[RoomEntry]:
        """Public rooms by id, those after `after`."""
        ...

    async def of_user(self, user_id: UserId, after: RoomId | None, limit: int) -> list[RoomState]:
        """The user's rooms, the oldest room first, with head, read mark and unread count; those after `after`.

        Raises UnknownRoom when there is no room `after`. A page costs what it holds, however many rooms the user has.
        """
        ...

    async def ids_of_user(self, user_id: UserId, after: RoomId | None, limit: int) -> list[RoomId]:
        """The same, but only their ids."""
        ...

    async def members(self, room: RoomId, after: str | None, limit: int) -> tuple[list[StoredMember], int]:
        """Members by name, those after `after`, and how many the room has in all. Raises UnknownRoom."""
        ...

    async def mark_read(self, room: RoomId, user_id: UserId, seq: Seq) -> tuple[Seq, int]:
        """Move the read mark forward, never back: the mark and the unread count now.

        Raises UnknownRoom, RoomForbidden (not a member), CursorAhead (`seq` past the head).
        """
        ...


class EventStore(Protocol):
    async def append(self, drafts: Sequence[Draft], now_ms: int) -> list[Appended | Refused]:
        """Add events of any kind in one durable transaction; one outcome per draft, in the given order.

        Each new event gets the next `seq` of its room: 1, 2, 3, … without holes, in the order of `drafts`, and `now_ms`
        as its time. Each draft sees what those before it have done. One that is refused stores nothing; the others go
        on. Calls may overlap; they take effect in the order in which they were made, writes of other kinds included.

        What is checked, in this order, and what refuses:
        - `room_created`: `room_exists`, `unknown_user`. All others need the room (`unknown_room`) and, but for
          `member_joined` (`unknown_user`) and `member_left`, that the sender is a member (`room_forbidden`).
        - A nonce that the same sender used in the same room before (in this call, too) stores nothing and gives the
          first event's `seq` and `ts` with `repeat`; `nonce_reused` when that is of another kind or about another
          message.
        - `head_moved`: the head is not `expected_head`.
        - Who it is about: `unknown_message` when there is no such message before it (events that are no messages
          included), `message_deleted`, and with `own` `not_yours`.
        - A reaction by the `REACTIONS_LIMIT` + 1st different emoji: `too_many_reactions`.
        - What is so already stores nothing and gives the head with `repeat`: a member joins, no member leaves, a
          reaction is there, or not there to be removed.

        In the same transaction the event takes effect: rooms and memberships begin and end, the room's title and topic
        and the current state of the message change. A new member's read mark is the head before joining's event, so
        that nothing old counts as unread. With `message_deleted` the message's texts are gone from the log, the
        earlier ones included, and its reactions from the store; the events stay.

        A message moves its sender's read mark to itself. Another store may see that up to a second later.

        A text keeps every character, NUL included. One that is not Unicode (a lone surrogate) raises BadField, and
        nothing of the call is stored.
        """
        ...

    async def after(
        self, room: RoomId, seq: Seq, limit: int, size: int = ALL_BYTES, reader: UserId | None = None
    ) -> list[Event]:
        """Events with a greater `seq`, ascending, at most `limit`. Sees every append that has returned.

        Without a `reader` they are as they were when they came. For a reader, messages are as they are now: with their
        text of now, and what became of them (`Message.state`) when anything did. That equals what somebody has who
        applies all later events to them.

        The page ends with the event that brings its texts to `size` bytes. An unknown room has no events.
        """
        ...

    async def before(
        self, room: RoomId, seq: Seq | None, limit: int, size: int = ALL_BYTES, reader: UserId | None = None
    ) -> list[Event]:
        """The nearest events with a smaller `seq` (None: the newest), ascending, at most `limit`. Else as `after`.

        The page begins with the event that brings its texts to `size` bytes.
        """
        ...

    async def versions(self, room: RoomId, seq: Seq, limit: int) -> list[Version]:
        """The newest `limit` texts of a message, the oldest of them first; the last one is that of now.

        Raises UnknownRoom, UnknownMessage, MessageGone.
        """
        ...

    async def reactors(
        self, room: RoomId, seq: Seq, emoji: str, after: UserName | None, limit: int
    ) -> tuple[list[UserName], int]:
        """Who reacted to a message by this emoji, the first first, those after `after`; and how many did in all.

        Raises UnknownRoom, UnknownMessage, MessageGone; NotFound when `after` does not react so any more.
        """
        ...


class Store(Protocol):
    """One engine. `open` migrates to the newest schema; raises `StoreUnavailable` or `errors.DataInUse`."""

    @property
    def accounts(self) -> AccountStore: ...
    @property
    def logins(self) -> LoginStore: ...
    @property
    def records(self) -> Records: ...
    @property
    def rooms(self) -> RoomStore: ...
    @property
    def events(self) -> EventStore: ...

    async def open(self) -> None: ...

    async def close(self) -> None:
        """Finish what was begun and release everything. Calls after it raise StoreUnavailable."""
        ...

    async def lineage(self) -> int:
        """A number that stays as long as the store is open, and changes when its database was replaced meanwhile.

        Then every room has another epoch: a log that was restored from a backup, or of which a standby that took over
        had not got everything, is not the log that clients know. Epochs change also when that happened while it was
        closed.
        """
        ...

    async def ping(self) -> None:
        """Prove that a read and a durable write work now. Raises StoreUnavailable."""
        ...
