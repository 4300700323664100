"""Names and titles that look like another's, though they are not the same (Unicode TR 39: confusables).

Two texts can be taken for each other when they have a look in common. A look is what is left of a text when each
character is replaced by the plainest one that looks like it: "аdа" with Cyrillic letters has the look of "ada", "rn"
that of "m". Capitals are looked at as they are and as small letters, since "I" looks like "l" and "i" does not.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from hashlib import blake2b
from importlib import resources
from typing import Final

import msgspec

from hubbub.errors import BadField, NameTaken
from hubbub.store import Look, Store
from hubbub.vocabulary import RoomId, UserId, UserName

_RULES: Final = "1"
_PAGE: Final = 200
_NAME, _TITLE, _ROOM, _VERSION = "name", "title", "room", "version"


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
        if await self._store.looks.find([version]):
            return
        after: str | None = None
        while users := await self._store.accounts.page(after, _PAGE):
            await self._store.looks.put([look for user in users for look in _account(user.name, user.title)])
            after = users[-1].name
        room: RoomId | None = None
        while rooms := await self._store.rooms.directory(UserId(0), room, _PAGE):
            await self._store.looks.put([look for one in rooms for look in _looks(_ROOM, one.room, one.title)])
            room = rooms[-1].room
        await self._store.looks.put([Look(version, _VERSION, "", b"")])

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
        await self._store.looks.put(_account(name, title))

    async def titled(self, name: UserName, title: str) -> None:
        """An account has another display name."""
        await self._store.looks.put(_looks(_TITLE, name, title))

    async def room(self, room: RoomId, title: str) -> None:
        """There is a new room."""
        await self._store.looks.put(_looks(_ROOM, room, title))

    async def _find(self, text: str) -> list[Look]:
        return await self._store.looks.find([_hash(look) for look in looks_of(text)])


def _account(name: str, title: str) -> list[Look]:
    return [*_looks(_NAME, name, name), *_looks(_TITLE, name, title)]


def _looks(kind: str, owner: str, text: str) -> list[Look]:
    """Of an empty text none, in place of those there were."""
    same = _hash(same_as(text))
    return [Look(_hash(look), kind, owner, same) for look in looks_of(text)] if text else [Look(b"", kind, owner, b"")]


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
