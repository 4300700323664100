"""Names and times that the examples of the vocabulary share."""

from __future__ import annotations

from typing import Final

from .types import RoomId, UserName

GENERAL: Final = RoomId("general")
ADA: Final = UserName("ada")
BOB: Final = UserName("bob")
TS: Final = 1790000000000
NONCE: Final = "01JD3M0Q8V9Z5K7XW2R4T6YBNC"
