"""The contract of records: their order and pages, their end, what fits, and what versions make of each other's."""

from __future__ import annotations

from random import Random

import pytest
from msgspec import Struct

from hubbub.errors import BadField, StoreUnavailable
from hubbub.store import Store
from hubbub.store.records import LONGEST_BYTES, Change, Collection, Conflict, Index, Records

from .collections import BOOKS, NOTES, Book, Note, isbns
from .people import NOW


class RecordPageContract:
    @pytest.fixture
    def records(self, store: Store) -> Records:
        return store.records

    # Pages

    async def test_records_come_in_the_order_of_an_index(self, records: Records) -> None:
        books = [("1", "Ada", 1843), ("2", "Ada", -1), ("3", "Bob", 5), ("4", "Adam", 0), ("5", "Ada", 1843)]
        for isbn, author, year in reversed(books):
            await records.put(BOOKS, Book(isbn, author, year))

        assert await isbns(records, "author", "Ada") == ["2", "1", "5"]
        assert await isbns(records, "author", "Ada", 1843) == ["1", "5"]
        assert await isbns(records, "author") == ["2", "1", "5", "4", "3"]
        assert await isbns(records, "author", "Nobody") == []
        assert await isbns(records, "year") == ["2", "4", "3", "1", "5"]
        assert await records.count(BOOKS, "author", "Ada") == 3
        assert await records.count(BOOKS) == 5
        back = await records.find(BOOKS, "author", "Ada", limit=2, descending=True)
        assert [stored.value.isbn for stored in back.records] == ["5", "1"]

    @pytest.mark.parametrize("descending", [False, True])
    async def test_pages_follow_each_other_without_holes(self, records: Records, descending: bool) -> None:
        await records.write([Change(BOOKS, Book(f"{n:02}", "Ada" if n % 2 else "Bob", n // 6)) for n in range(40)])
        found: list[str] = []
        cursor: bytes | None = None

        while True:
            page = await records.find(BOOKS, "author", "Ada", limit=5, cursor=cursor, descending=descending)
            assert len(page.records) == 5
            found += [stored.value.isbn for stored in page.records]
            cursor = page.next
            if cursor is None:
                break

        assert found == sorted((f"{n:02}" for n in range(1, 40, 2)), reverse=descending)

    async def test_a_cursor_holds_when_its_record_has_gone(self, records: Records) -> None:
        for n in range(4):
            await records.put(BOOKS, Book(f"{n}", "Ada", n))
        page = await records.find(BOOKS, "author", "Ada", limit=2)
        await records.delete(BOOKS, page.records[1])

        assert page.next == BOOKS.cursor("author", page.records[1].value)
        assert await isbns(records, "author", "Ada", cursor=page.next) == ["2", "3"]
        assert await isbns(records, None, cursor=BOOKS.cursor(None, Book("2"))) == ["3"]

    # Time to live

    async def test_what_has_expired_is_as_good_as_absent(self, records: Records) -> None:
        first = await records.put(BOOKS, Book("1", "Ada", shelf=b"a", place=1, lent_until_ms=NOW))
        await records.put(BOOKS, Book("2", "Ada"))

        for now_ms, there in ((0, True), (NOW - 1, True), (NOW, False), (NOW + 1, False)):
            assert (await records.get(BOOKS, "1", now_ms=now_ms) is not None) == there
            assert (await records.get_by(BOOKS, "place", b"a", 1, now_ms=now_ms) is not None) == there
            assert await isbns(records, "author", "Ada", now_ms=now_ms) == (["1", "2"] if there else ["2"])
            assert await records.count(BOOKS, now_ms=now_ms) == 1 + there
        with pytest.raises(Conflict):
            await records.put(BOOKS, Book("1", lent_until_ms=NOW + 9), first, now_ms=NOW)
        with pytest.raises(Conflict):
            await records.put(BOOKS, Book("1", "Ada", 7, lent_until_ms=NOW + 9), first, now_ms=NOW)
        with pytest.raises(Conflict):
            await records.put(BOOKS, Book("1"), now_ms=NOW - 1)
        again = await records.put(BOOKS, Book("1", lent_until_ms=NOW + 9), now_ms=NOW)
        assert await records.get(BOOKS, "1", now_ms=NOW) == again
        assert await isbns(records, "author", "Ada") == ["2"]

    async def test_expired_records_are_deleted_by_and_by(self, records: Records) -> None:
        await records.write([Change(BOOKS, Book(f"old {n:04}", lent_until_ms=NOW - n)) for n in range(1_200)])
        await records.put(BOOKS, Book("a keeper", lent_until_ms=NOW + 1))

        for n in range(300):
            await records.put(BOOKS, Book(f"new {n}", lent_until_ms=NOW + 1), now_ms=NOW)

        assert await records.count(BOOKS) == 301

    # What does not fit

    async def test_what_does_not_fit_is_refused(self, records: Records) -> None:
        for bad in (Book("1", "\ud800"), Book("\ud800"), Book("1", shelf=None, author="fine\udfff")):
            with pytest.raises(BadField, match="not Unicode"):
                await records.put(BOOKS, bad)
        for bad in (Book("x" * LONGEST_BYTES), Book("1", "x" * LONGEST_BYTES), Book("1", year=2**63)):
            with pytest.raises(BadField):
                await records.put(BOOKS, bad)
        with pytest.raises(BadField, match="not Unicode"):
            await records.get(BOOKS, "\ud800")
        assert await records.count(BOOKS) == 0

    async def test_the_longest_key_and_values_fit(self, records: Records) -> None:
        random = Random(7)  # what cannot be compressed
        longest = "".join(chr(random.randrange(33, 127)) for _ in range(LONGEST_BYTES - 2))
        author = longest[: LONGEST_BYTES - 11]
        put = await records.put(BOOKS, Book(longest, author, shelf=author.encode(), place=1))

        assert await records.get(BOOKS, longest) == put
        assert await isbns(records, "author", author) == [longest]

    async def test_a_large_body_fits(self, records: Records) -> None:
        text = "large " * 200_000
        notes = Collection("large_notes", Note, key=("number",))
        await records.put(notes, Note(1, text))

        stored = await records.get(notes, 1)
        assert stored is not None
        assert stored.value.text == text

    # What versions make of each other's records

    async def test_a_field_that_was_added_has_its_default_in_old_records(self, records: Records) -> None:
        class Old(Struct, frozen=True):
            number: int
            text: str

        class New(Struct, frozen=True):
            number: int
            text: str
            colour: str = "blue"

        old = Collection("versions", Old, key=("number",))
        new = Collection("versions", New, key=("number",))
        first = await records.put(old, Old(1, "one"))

        stored = await records.get(new, 1)
        assert stored is not None
        assert stored.value == New(1, "one", "blue")
        changed = await records.put(new, New(1, "two", "red"), stored)
        again = await records.get(old, 1)
        assert again is not None
        assert (again.value, again.revision) == (Old(1, "two"), changed.revision)
        await records.put(old, Old(1, "three"), again)
        kept = await records.get(new, 1)
        assert kept is not None
        assert kept.value == New(1, "three", "red"), "the version before does not lose what it does not know"
        assert first.value == Old(1, "one")

    async def test_an_index_that_was_added_has_old_records(self, store: Store) -> None:
        old = Collection("growing", Note, key=("number",))
        new = Collection("growing", Note, key=("number",), indexes=(Index("text", ("text",)),))
        await store.records.write([Change(old, Note(n, f"{n % 7}")) for n in range(500)])

        found = await store.records.find(new, "text", "3", limit=100)
        assert [stored.value.number for stored in found.records] == [n for n in range(500) if n % 7 == 3]
        for stored in found.records[:2]:  # by a node that does not know the index
            await store.records.put(old, Note(stored.value.number, "3"), stored)
        assert await store.records.count(new, "text", "3") == len(found.records)

    async def test_an_index_that_cannot_be_unique_is_refused(self, store: Store) -> None:
        old = Collection("doubles", Note, key=("number",))
        new = Collection("doubles", Note, key=("number",), indexes=NOTES.indexes)
        await store.records.write([Change(old, Note(n, "same")) for n in range(2)])

        with pytest.raises(StoreUnavailable):
            await store.records.get_by(new, "text", "same")
