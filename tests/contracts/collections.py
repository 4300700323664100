"""Collections to try records with."""

from __future__ import annotations

from msgspec import Struct

from hubbub.store.records import Collection, Index, Records, Value

STRANGE = [
    "",
    "\0",
    "\0\0",
    "a",
    "a\0",
    "a\0b",
    "a\x01",
    "ab",
    "\x10",
    "\x100",
    "é",
    "\uffff",
    "\N{GRINNING FACE}",
    "'\\",
]


class Book(Struct, frozen=True):
    """With an index of each kind, and a time to live."""

    isbn: str
    author: str | None = None
    year: int = 0
    shelf: bytes | None = None
    place: int | None = None
    lent_until_ms: int | None = None


BOOKS = Collection(
    "books",
    Book,
    key=("isbn",),
    indexes=(
        Index("place", ("shelf", "place"), unique=True),
        Index("author", ("author", "year")),
        Index("year", ("year",)),
    ),
    expires="lent_until_ms",
)


class Note(Struct, frozen=True):
    number: int
    text: str = ""


NOTES = Collection("notes", Note, key=("number",), indexes=(Index("text", ("text",), unique=True),))


class Thing(Struct, frozen=True):
    """Its key has three fields of the three types."""

    owner: int
    name: str
    mark: bytes


THINGS = Collection("things", Thing, key=("owner", "name", "mark"))


async def isbns(
    records: Records, index: str | None, *equal: Value, limit: int = 99, cursor: bytes | None = None, now_ms: int = 0
) -> list[str]:
    page = await records.find(BOOKS, index, *equal, limit=limit, cursor=cursor, now_ms=now_ms)
    return [stored.value.isbn for stored in page.records]
