"""The server's settings that change at run time, and secrets that all nodes share."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from .records import Collection, Records


class Setting(Struct, frozen=True):
    key: str
    value: str


SETTINGS: Final = Collection("settings", Setting, key=("key",))


class Settings(Struct, frozen=True):
    """Texts by their keys, the same for all nodes."""

    _records: Records

    async def get(self, key: str) -> str | None:
        """None: it was never set."""
        stored = await self._records.get(SETTINGS, key)
        return None if stored is None else stored.value.value

    async def put(self, key: str, value: str) -> None:
        await self._records.change(SETTINGS, key, to=lambda _: Setting(key, value))

    async def first(self, key: str, value: str) -> str:
        """Set it unless it is set already. Returns what it is now, the same for all who try at once."""
        setting = await self._records.change(SETTINGS, key, to=lambda there: there or Setting(key, value))
        return value if setting is None else setting.value
