"""Names and titles that look like another's, though they are not the same (Unicode TR 39: confusables).

Two texts can be taken for each other when they have a look in common. A look is what is left of a text when each
character is replaced by the plainest one that looks like it: "аdа" with Cyrillic letters has the look of "ada", "rn"
that of "m". Capitals are looked at as they are and as small letters, since "I" looks like "l" and "i" does not.
"""

from __future__ import annotations

import asyncio
import contextlib
import unicodedata
from collections.abc import Sequence
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import Final

import msgspec
from msgspec import Struct

from hubbub.errors import BadField, NameTaken, StoreUnavailable
from hubbub.store import Store
from hubbub.store.records import TRIES, Change, Collection, Conflict, Index
from hubbub.vocabulary import RoomId, UserId, UserName

_RULES: Final = "1"
_PAGE: Final = 200
_NAME, _TITLE, _ROOM, _VERSION = "name", "title", "room", "version"


class Look(Struct, frozen=True):
    """How a name or title looks.

    Attributes:
        look, same: hashes: of the look, and of what texts that people call the same have in common.
        kind: "name" or "title" of the account `owner`, or "room": the title of the room `owner`.
    """

    look: bytes
    kind: str
    owner: str
    same: bytes


LOOKS: Final = Collection("looks", Look, key=("look", "kind", "owner"), indexes=(Index("owner", ("owner", "kind")),))


def looks_of(text: str) -> frozenset[str]:
    """The looks of a text, one or two."""
    return frozenset((_plain(text).casefold(), _plain(text.casefold()).casefold()))


def same_as(text: str) -> str:
    """Equal for texts that people call the same: capitals and the width of blanks are no difference."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _plain(text: str) -> str:
    table = _table()
    plain = "".join(table.get(character, character) for character in unicodedata.normalize("NFKD", text))
    return " ".join(unicodedata.normalize("NFKD", plain).split())


def _data() -> bytes:
    """Made by scripts/confusables.py."""
    return resources.files(__package__).joinpath("confusables.json").read_bytes()


@cache
def _table() -> dict[str, str]:
    """Character → what it looks like: 5,000 entries, less than 1 MB."""
    return msgspec.json.decode(_data(), type=dict[str, str])


class Looks:
    """Refuses what looks like somebody else's, and remembers what was taken.

    Account names are unique in their looks: neither another name nor another's display name may look like one. Display
    names may be shared, as people's names are, and so may rooms' titles; but none may imitate another one.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open(self) -> None:
        """Look at what was named before there were looks, or by other rules. Raises StoreUnavailable."""
        version = _hash(f"{_RULES} {blake2b(_data()).hexdigest()}")
        if await self._store.records.get(LOOKS, version, _VERSION, ""):
            return
        new = not (await self._store.records.find(LOOKS, None, limit=1)).records
        after: str | None = None
        while users := await self._store.accounts.page(after, _PAGE):
            await self._put([taken for user in users for taken in _account(user.name, user.title)], new=new)
            after = users[-1].name
        room: RoomId | None = None
        while rooms := await self._store.rooms.directory(UserId(0), room, _PAGE):
            await self._put([_Taken(_ROOM, one.room, one.title) for one in rooms], new=new)
            room = rooms[-1].room
        await self._store.records.change(LOOKS, version, _VERSION, "", to=lambda _: Look(version, _VERSION, "", b""))

    async def check_name(self, name: UserName) -> None:
        """A new account's name. Raises NameTaken."""
        for look in await self._find(name):
            if look.kind == _NAME or (look.kind == _TITLE and look.same != _hash(same_as(name))):
                raise NameTaken("This name looks like that of somebody else.")

    async def check_title(self, name: UserName, title: str) -> None:
        """The display name of this account. Raises NameTaken."""
        for look in await self._find(title) if title else ():
            other = look.owner != name
            if other and (look.kind == _NAME or (look.kind == _TITLE and look.same != _hash(same_as(title)))):
                raise NameTaken("This display name looks like the name of somebody else.")

    async def check_room(self, room: RoomId, title: str) -> None:
        """The title of a room. Raises BadField."""
        for look in await self._find(title) if title else ():
            if look.kind == _ROOM and look.owner != room and look.same != _hash(same_as(title)):
                raise BadField("The field 'title' looks like the title of another room, and is not the same.")

    async def account(self, name: UserName, title: str) -> None:
        """There is a new account."""
        await self._put(_account(name, title), new=True)

    async def titled(self, name: UserName, title: str) -> None:
        """An account has another display name."""
        await self._put([_Taken(_TITLE, name, title)])

    async def room(self, room: RoomId, title: str) -> None:
        """There is a new room."""
        await self._put([_Taken(_ROOM, room, title)], new=True)

    async def retitled(self, room: RoomId, title: str) -> None:
        """A room has another title."""
        await self._put([_Taken(_ROOM, room, title)])

    async def _find(self, text: str) -> list[Look]:
        """All that look like this text."""
        found: list[Look] = []
        for look in looks_of(text):
            cursor: bytes | None = None
            while True:
                page = await self._store.records.find(LOOKS, None, _hash(look), limit=_PAGE, cursor=cursor)
                found += [stored.value for stored in page.records]
                cursor = page.next
                if cursor is None:
                    break
        return found

    async def _put(self, taken: Sequence[_Taken], *, new: bool = False) -> None:
        """These take the place of what their owners had before (`new`: probably nothing). Raises StoreUnavailable."""
        for attempt in range(TRIES):
            first = new and attempt == 0
            changes = [one.new() for one in taken] if first else await asyncio.gather(*map(self._changes, taken))
            with contextlib.suppress(Conflict):
                await self._store.records.write([change for some in changes for change in some])
                return
        raise StoreUnavailable

    async def _changes(self, taken: _Taken) -> list[Change[Look]]:
        page = await self._store.records.find(LOOKS, "owner", taken.owner, taken.kind, limit=_PAGE)
        there = {stored.value.look: stored for stored in page.records}
        wanted = {look.look: look for look in taken.looks()}
        gone = [Change(LOOKS, None, stored) for look, stored in there.items() if look not in wanted]
        return gone + [
            Change(LOOKS, value, there.get(look))
            for look, value in wanted.items()
            if look not in there or there[look].value != value
        ]


class _Taken(Struct, frozen=True):
    """A text that somebody bears; an empty one has no looks."""

    kind: str
    owner: str
    text: str

    def looks(self) -> list[Look]:
        same = _hash(same_as(self.text))
        looks = looks_of(self.text) if self.text else ()
        return [Look(_hash(look), self.kind, self.owner, same) for look in looks]

    def new(self) -> list[Change[Look]]:
        return [Change(LOOKS, look) for look in self.looks()]


def _account(name: str, title: str) -> list[_Taken]:
    return [_Taken(_NAME, name, name), _Taken(_TITLE, name, title)]


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
