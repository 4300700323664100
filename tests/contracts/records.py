"""The contract of records: what `Records` promises over any engine, and so every sentence of `RecordEngine`."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from random import Random

import pytest

from hubbub.errors import StoreUnavailable
from hubbub.store import Store
from hubbub.store.records import Change, Collection, Conflict, NotUnique, Records

from .collections import BOOKS, NOTES, STRANGE, THINGS, Book, Note, Thing, isbns
from .people import NOW


class RecordContract:
    @pytest.fixture
    def records(self, store: Store) -> Records:
        return store.records

    async def test_a_record_is_read_by_its_key_as_it_was_put(self, records: Records) -> None:
        book = Book("1", "Ada", 1843, b"\0\xff", -5, NOW)

        assert await records.get(BOOKS, "1") is None
        put = await records.put(BOOKS, book)

        assert put.value == book
        assert await records.get(BOOKS, "1") == put
        assert await records.get(BOOKS, "2") is None

    async def test_keys_and_texts_keep_every_character(self, records: Records) -> None:
        for text in STRANGE:
            await records.put(BOOKS, Book(text, text, shelf=text.encode(), place=1))

        for text in STRANGE:
            stored = await records.get(BOOKS, text)
            assert stored is not None
            assert (stored.value.isbn, stored.value.author) == (text, text)
            same = await records.get_by(BOOKS, "place", text.encode(), 1)
            assert same == stored
            assert await isbns(records, "author", text) == [text]

    async def test_texts_sort_by_code_point(self, records: Records) -> None:
        await asyncio.gather(*(records.put(BOOKS, Book(text)) for text in STRANGE))

        assert await isbns(records, None) == sorted(STRANGE)

    async def test_keys_of_several_fields_sort_field_by_field(self, records: Records) -> None:
        things = [
            Thing(owner, name, mark)
            for owner in (-(2**63), -256, -1, 0, 1, 255, 256, 2**63 - 1)
            for name in ("", "a", "a\0", "b")
            for mark in (b"", b"\0", b"\0\xff", b"\x01", b"\xff\xff")
        ]
        shuffled = Random(1).sample(things, len(things))
        await records.write([Change(THINGS, thing) for thing in shuffled])

        found = await records.find(THINGS, None, limit=1_000)
        assert [stored.value for stored in found.records] == things
        of_one = await records.find(THINGS, None, -1, "a", limit=1_000)
        assert [stored.value for stored in of_one.records] == [
            thing for thing in things if (thing.owner, thing.name) == (-1, "a")
        ]
        assert (await records.find(THINGS, None, 0, "a", b"\0", limit=9)).records[0].value == Thing(0, "a", b"\0")

    async def test_many_keys_at_once_get_each_their_own_record(self, records: Records) -> None:
        put = await asyncio.gather(*(records.put(NOTES, Note(n, f"{n}")) for n in range(600)))

        found = await asyncio.gather(*(records.get(NOTES, n) for n in range(599, -2, -1)))

        assert found == [*put[::-1], None]

    async def test_a_collection_does_not_see_another(self, records: Records) -> None:
        other = Collection("other_notes", Note, key=("number",), indexes=NOTES.indexes)
        await records.put(NOTES, Note(1, "one"))

        assert await records.get(other, 1) is None
        assert await records.get_by(other, "text", "one") is None
        assert (await records.find(other, None, limit=9)).records == []
        await records.put(other, Note(2, "one"))
        assert await records.count(other) == await records.count(NOTES) == 1

    # What is written

    async def test_a_record_is_made_once(self, records: Records) -> None:
        outcomes = await asyncio.gather(
            *(records.put(NOTES, Note(1, f"by {n}")) for n in range(8)), return_exceptions=True
        )

        [made] = [outcome for outcome in outcomes if not isinstance(outcome, Conflict)]
        assert await records.get(NOTES, 1) == made

    async def test_a_write_over_what_was_read_holds_when_nobody_came_between(self, records: Records) -> None:
        first = await records.put(NOTES, Note(1, "a"))
        second = await records.put(NOTES, Note(1, "b"), first)

        assert second.revision != first.revision
        with pytest.raises(Conflict):
            await records.put(NOTES, Note(1, "c"), first)
        with pytest.raises(Conflict):
            await records.put(NOTES, Note(1, "c"))
        with pytest.raises(Conflict):
            await records.delete(NOTES, first)
        assert await records.get(NOTES, 1) == second

    async def test_of_writes_over_the_same_one_holds(self, records: Records) -> None:
        first = await records.put(BOOKS, Book("1"))

        outcomes = await asyncio.gather(
            *(records.put(BOOKS, Book("1", f"{n}" * (n % 2)), first) for n in range(10)), return_exceptions=True
        )

        [held] = [outcome for outcome in outcomes if not isinstance(outcome, Conflict)]
        assert await records.get(BOOKS, "1") == held

    async def test_a_deleted_record_is_gone_and_its_revision_does_not_come_back(self, records: Records) -> None:
        first = await records.put(NOTES, Note(1, "a"))
        await records.delete(NOTES, first)

        assert await records.get(NOTES, 1) is None
        assert await records.get_by(NOTES, "text", "a") is None
        assert await records.count(NOTES) == 0
        with pytest.raises(Conflict):
            await records.put(NOTES, Note(1, "b"), first)
        again = await records.put(NOTES, Note(1, "a"))
        assert again.revision != first.revision
        with pytest.raises(Conflict):
            await records.delete(NOTES, first)

    async def test_a_change_is_tried_again_until_it_holds(self, records: Records) -> None:
        def more(note: Note | None) -> Note:
            return Note(1, "x") if note is None else Note(1, note.text + "x")

        await asyncio.gather(*(records.change(NOTES, 1, to=more) for _ in range(20)))

        stored = await records.get(NOTES, 1)
        assert stored is not None
        assert stored.value.text == "x" * 20
        assert await records.change(NOTES, 1, to=lambda note: note) == stored.value
        assert await records.get(NOTES, 1) == stored, "nothing was written"
        assert await records.change(NOTES, 1, to=lambda _: None) is None
        assert await records.get(NOTES, 1) is None
        assert await records.change(NOTES, 1, to=lambda _: None) is None

    # Unique values

    async def test_a_unique_value_is_refused_by_the_name_of_its_index(self, records: Records) -> None:
        await records.put(BOOKS, Book("1", shelf=b"a", place=1))
        two = await records.put(BOOKS, Book("2", shelf=b"a", place=2))

        for over in (None, two):
            isbn = "3" if over is None else "2"
            with pytest.raises(NotUnique) as refused:
                await records.put(BOOKS, Book(isbn, shelf=b"a", place=1), over)
            assert (refused.value.collection, refused.value.index) == ("books", "place")
        assert await records.get(BOOKS, "3") is None
        assert await records.get(BOOKS, "2") == two

    async def test_of_the_same_unique_value_at_once_one_wins(self, records: Records) -> None:
        outcomes = await asyncio.gather(
            *(records.put(NOTES, Note(n, "same")) for n in range(10)), return_exceptions=True
        )

        assert sum(isinstance(outcome, NotUnique) for outcome in outcomes) == 9
        assert await records.count(NOTES) == 1

    async def test_who_is_refused_hinders_nobody_else(self, records: Records) -> None:
        await records.put(NOTES, Note(0, "taken"))

        outcomes = await asyncio.gather(
            *(records.put(NOTES, Note(n, "taken" if n % 3 == 0 else f"{n}")) for n in range(20)),
            return_exceptions=True,
        )

        kinds = [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]
        assert sorted(kind.__name__ for kind in kinds) == ["Conflict"] + ["NotUnique"] * 6
        assert await records.count(NOTES) == 14

    async def test_none_is_in_no_index_and_taken_by_nobody(self, records: Records) -> None:
        for isbn in ("1", "2"):
            await records.put(BOOKS, Book(isbn, shelf=b"a", place=None))

        assert await isbns(records, "place") == []
        assert await isbns(records, "author") == []
        assert await isbns(records, "year") == ["1", "2"]

    async def test_a_value_that_changes_is_found_and_free_at_once(self, records: Records) -> None:
        one = await records.put(NOTES, Note(1, "old"))
        await records.put(NOTES, Note(1, "new"), one)

        assert await records.get_by(NOTES, "text", "old") is None
        assert (found := await records.get_by(NOTES, "text", "new")) is not None
        assert found.value.number == 1
        await records.put(NOTES, Note(2, "old"))
        two = await records.get_by(NOTES, "text", "old")
        assert two is not None
        await records.delete(NOTES, two)
        await records.put(NOTES, Note(3, "old"))

    # Batches

    async def test_a_batch_is_made_across_collections(self, records: Records) -> None:
        old = await records.put(NOTES, Note(1, "old"))
        changed = await records.put(BOOKS, Book("2"))

        outcomes = await records.write(
            [Change(BOOKS, Book("1")), Change(NOTES, None, old), Change(BOOKS, Book("2", "Ada"), changed)]
        )

        assert [stored and stored.value for stored in outcomes] == [Book("1"), None, Book("2", "Ada")]
        assert await records.get(NOTES, 1) is None
        assert await isbns(records, None) == ["1", "2"]
        assert await records.get(BOOKS, "2") == outcomes[2]
        assert await records.write([]) == []

    async def test_of_a_refused_batch_nothing_is_made(self, records: Records) -> None:
        old, taken = await records.write([Change(NOTES, Note(1, "old")), Change(NOTES, Note(2, "taken"))])
        assert old is not None
        for bad, error in (
            (Change(NOTES, Note(2)), Conflict),
            (Change(NOTES, Note(3, "taken")), NotUnique),
            (Change(NOTES, Note(9), old), ValueError),
        ):
            for batch in ([Change(BOOKS, Book("1")), Change(NOTES, None, old), bad], [bad, Change(BOOKS, Book("1"))]):
                with pytest.raises(error):
                    await records.write(batch)
        with pytest.raises(ValueError, match="twice"):
            await records.write([Change(NOTES, Note(5)), Change(NOTES, Note(5, "x"))])
        with pytest.raises(ValueError, match="deleted"):
            await records.write([Change(NOTES, None)])

        assert await records.get(NOTES, 1) == old
        assert await records.get(NOTES, 2) == taken
        assert await isbns(records, None) == []

    async def test_two_of_a_batch_cannot_have_the_same_unique_value(self, records: Records) -> None:
        with pytest.raises(NotUnique):
            await records.write([Change(NOTES, Note(1, "same")), Change(NOTES, Note(2, "same"))])

        assert await records.count(NOTES) == 0

    async def test_a_batch_names_the_index_of_the_right_collection(self, records: Records) -> None:
        await records.put(NOTES, Note(1, "taken"))

        with pytest.raises(NotUnique) as refused:
            await records.write([Change(BOOKS, Book("1", shelf=b"a", place=1)), Change(NOTES, Note(2, "taken"))])

        assert (refused.value.collection, refused.value.index) == ("notes", "text")

    async def test_a_value_moves_from_a_deleted_record_in_one_batch(self, records: Records) -> None:
        old = await records.put(NOTES, Note(1, "name"))

        await records.write([Change(NOTES, Note(2, "name")), Change(NOTES, None, old)])

        found = await records.get_by(NOTES, "text", "name")
        assert found is not None
        assert found.value.number == 2

    async def test_batches_at_once_are_each_whole(self, records: Records) -> None:
        """Of each pair either both records are there or none; those that overlap exclude each other."""
        outcomes = await asyncio.gather(
            *(records.write([Change(NOTES, Note(n, f"{n}")), Change(NOTES, Note(n + 1, f"{n}'"))]) for n in range(40)),
            return_exceptions=True,
        )

        made = [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, Conflict)]
        found = await records.find(NOTES, None, limit=99)
        assert made
        assert all(later - earlier > 1 for earlier, later in pairwise(made))
        assert [stored.value.number for stored in found.records] == [number for n in made for number in (n, n + 1)]

    async def test_calls_after_close_are_refused_by_records_too(self, store: Store) -> None:
        records = store.records
        await records.put(NOTES, Note(1))
        await store.close()

        for call in (records.get(NOTES, 1), records.get(THINGS, 1, "", b""), records.put(NOTES, Note(2))):
            with pytest.raises(StoreUnavailable):
                await call
