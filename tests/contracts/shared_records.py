"""The contract of records in stores that several nodes use at a time."""

from __future__ import annotations

import asyncio

from hubbub.store import Store
from hubbub.store.records import Change, Collection, Conflict, NotUnique

from .collections import NOTES, Note


class SharedRecordContract:
    """For stores that several nodes use at a time."""

    async def test_of_two_nodes_changes_none_is_lost(self, nodes: list[Store]) -> None:
        def more(note: Note | None) -> Note:
            return Note(1, "x") if note is None else Note(1, note.text + "x")

        await asyncio.gather(*(nodes[n % 2].records.change(NOTES, 1, to=more) for n in range(30)))

        stored = await nodes[0].records.get(NOTES, 1)
        assert stored is not None
        assert stored.value.text == "x" * 30

    async def test_of_the_same_records_and_values_on_two_nodes_one_is_made(self, nodes: list[Store]) -> None:
        for kind in (Conflict, NotUnique):
            name = kind.__name__
            outcomes = await asyncio.gather(
                *(
                    nodes[n % 2].records.put(NOTES, Note(n // 4, f"{name} {n}") if kind is Conflict else Note(n, name))
                    for n in range(100, 140)
                ),
                return_exceptions=True,
            )
            refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            assert {type(error) for error in refused} == {kind}
            assert len(refused) == (30 if kind is Conflict else 39)

    async def test_batches_in_opposite_order_on_two_nodes_both_go_on(self, nodes: list[Store]) -> None:
        numbers = list(range(12))

        async def write(node: Store, order: list[int], name: str) -> int:
            done = 0
            for round_ in range(15):
                stored = [await node.records.get(NOTES, number) for number in order]
                changes = [
                    Change(NOTES, Note(number, f"{name} {round_} {number}"), over)
                    for number, over in zip(order, stored, strict=True)
                ]
                try:
                    await node.records.write(changes)
                    done += 1
                except Conflict:
                    continue
            return done

        done = await asyncio.gather(write(nodes[0], numbers, "one"), write(nodes[1], numbers[::-1], "other"))

        assert sum(done) >= 15
        found = await nodes[0].records.find(NOTES, None, limit=99)
        assert len({stored.value.text.rsplit(" ", 1)[0] for stored in found.records}) == 1, "of one batch all"

    async def test_unique_values_wanted_crosswise_by_two_nodes_are_each_given_once(self, nodes: list[Store]) -> None:
        async def claim(node: Store, base: int, values: list[int]) -> int:
            changes = [Change(NOTES, Note(base + place, f"value {value}")) for place, value in enumerate(values)]
            try:
                await node.records.write(changes)
            except (Conflict, NotUnique):
                return 0
            return 1

        for round_ in range(10):
            values = list(range(round_ * 10, round_ * 10 + 6))
            won = await asyncio.gather(
                claim(nodes[0], round_ * 100, values), claim(nodes[1], round_ * 100 + 50, values[::-1])
            )
            assert sum(won) <= 1
        assert await nodes[0].records.count(NOTES) % 6 == 0

    async def test_an_index_is_built_by_one_of_two_nodes_or_both(self, nodes: list[Store]) -> None:
        old = Collection("growing", Note, key=("number",))
        new = Collection("growing", Note, key=("number",), indexes=NOTES.indexes)
        await nodes[0].records.write([Change(old, Note(n, f"{n}")) for n in range(300)])

        counts = await asyncio.gather(*(node.records.count(new, "text") for node in nodes))

        assert counts == [300, 300]
