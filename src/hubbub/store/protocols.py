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

from hubbub.vocabulary import Event, RoomEntry, RoomId, RoomState, Seq, User, UserId, UserName

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
    """A message on its way into the log. `ts`: Unix milliseconds, given by the caller's clock."""

    room: RoomId
    sender_id: UserId
    sender: UserName
    nonce: str
    text: str
    ts: int


class Appended(Struct, frozen=True, gc=False):
    """The message is in the log at `seq`. `repeat`: it was there before, with this `ts`."""

    seq: Seq
    ts: int
    repeat: bool = False


class Refused(Struct, frozen=True, gc=False):
    """Not stored: `code` is `unknown_room` or `room_forbidden`."""

    code: str


class StoredMember(Struct, frozen=True, gc=False):
    id: UserId
    name: UserName
    title: str
    since_ms: int


class RoomHead(Struct, frozen=True, gc=False):
    """What joining needs to know of a room. `member`: whether the asking user is one."""

    room: RoomId
    title: str
    topic: str
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
    async def create(self, room: RoomId, title: str, topic: str, creator: UserId, now_ms: int) -> tuple[Event, Event]:
        """Add a public room with its first two events, `room_created` and `member_joined`. Raises RoomExists."""
        ...

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

    async def join(self, room: RoomId, user_id: UserId, now_ms: int) -> Event | None:
        """Make the user a member: the `member_joined` event, or None when it is one already. Raises UnknownRoom.

        A new member's read mark is the head before joining's event, so that nothing old counts as unread.
        """
        ...

    async def leave(self, room: RoomId, user_id: UserId, now_ms: int) -> Event | None:
        """End membership: the `member_left` event, or None when there was none. Raises UnknownRoom."""
        ...

    async def mark_read(self, room: RoomId, user_id: UserId, seq: Seq) -> tuple[Seq, int]:
        """Move the read mark forward, never back: the mark and the unread count now.

        Raises UnknownRoom, RoomForbidden (not a member), CursorAhead (`seq` past the head).
        """
        ...


class EventStore(Protocol):
    async def append(self, drafts: Sequence[Draft]) -> list[Appended | Refused]:
        """Append messages in one durable transaction; one outcome per draft, in the given order.

        Each new message gets the next `seq` of its room: 1, 2, 3, … without holes, in the order of `drafts`. A nonce
        that the same sender used in the same room before (in this call, too) stores nothing and gives the first
        message's `seq` and `ts` with `repeat`. A sender who is not a member is refused; the others go on. Calls may
        overlap; they take effect in the order in which they were made, writes of other kinds included.

        A text keeps every character, NUL included. One that is not Unicode (a lone surrogate) raises BadField, and
        nothing of the call is stored.
        """
        ...

    async def after(self, room: RoomId, seq: Seq, limit: int, size: int = ALL_BYTES) -> list[Event]:
        """Events with a greater `seq`, ascending, at most `limit`. Sees every append that has returned.

        The page ends with the event that brings its texts to `size` bytes. An unknown room has no events.
        """
        ...

    async def before(self, room: RoomId, seq: Seq | None, limit: int, size: int = ALL_BYTES) -> list[Event]:
        """The nearest events with a smaller `seq` (None: the newest), ascending, at most `limit`.

        The page begins with the event that brings its texts to `size` bytes.
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

    async def ping(self) -> None:
        """Prove that a read and a durable write work now. Raises StoreUnavailable."""
        ...
