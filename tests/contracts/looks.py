"""The contract of `LookStore`."""

from __future__ import annotations

from hubbub.store import Look, Store

from .people import person

ONE, OTHER, SAME = b"one", b"other", b"same"


class LookContract:
    async def test_what_looks_alike_is_found(self, store: Store) -> None:
        looks = [Look(ONE, "name", "ada", SAME), Look(ONE, "title", "bob", SAME), Look(OTHER, "room", "tea", SAME)]
        await store.looks.put(looks)
        assert sorted(await store.looks.find([ONE]), key=lambda look: look.owner) == looks[:2]
        assert await store.looks.find([OTHER, b"unknown"]) == looks[2:]
        assert await store.looks.find([]) == []

    async def test_new_looks_take_the_place_of_those_of_the_same_owner_and_kind(self, store: Store) -> None:
        await store.looks.put([Look(ONE, "title", "ada", SAME), Look(OTHER, "title", "ada", SAME)])
        await store.looks.put([Look(ONE, "name", "ada", SAME), Look(ONE, "title", "bob", SAME)])
        await store.looks.put([Look(b"third", "title", "ada", SAME)])
        assert await store.looks.find([OTHER]) == []
        assert {(look.kind, look.owner) for look in await store.looks.find([ONE])} == {
            ("name", "ada"),
            ("title", "bob"),
        }
        await store.looks.put([Look(b"", "title", "ada", b"")])
        assert await store.looks.find([b"third", b""]) == []

    async def test_accounts_come_in_pages(self, store: Store) -> None:
        for name in ("cyd", "ada", "bob"):
            await person(store, name, name.title())
        first = await store.accounts.page(None, 2)
        assert [(user.name, user.title, user.admin) for user in first] == [("ada", "Ada", False), ("bob", "Bob", False)]
        assert [(user.name, user.admin) for user in await store.accounts.page("bob", 2)] == [("cyd", True)]
