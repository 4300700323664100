"""What `Settings` promises over every engine."""

from __future__ import annotations

import asyncio

from hubbub.store import Settings, Store


class SettingContract:
    async def test_a_setting_is_none_until_it_is_put(self, store: Store) -> None:
        settings = Settings(store.records)
        assert await settings.get("signup") is None

        for value in ("closed", "open"):
            await settings.put("signup", value)
            assert await settings.get("signup") == value
        assert await settings.get("theme") is None

    async def test_of_those_who_put_a_setting_first_one_wins_and_all_know_it(self, store: Store) -> None:
        settings = Settings(store.records)
        told = await asyncio.gather(*(settings.first("secret", f"{n}") for n in range(5)))

        assert set(told) == {await settings.get("secret")}
        assert await settings.first("secret", "late") == told[0]
