"""What is an emoji, and how it is written: by Unicode's own list (docs/decisions/0017-emoji.md)."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Final

from hubbub.errors import BadField

_AS_PICTURE: Final = "\N{VARIATION SELECTOR-16}"
"""Keyboards leave it out, or put it in, where it makes no difference to what people see."""


def canonical(text: str) -> str:
    """One emoji as Unicode's list has it, so that the same picture is the same reaction.

    Skin tones, flags, keycaps and joined sequences are emoji of their own. Raises BadField for all that is not one.

        from hubbub.chat.emoji import canonical
        canonical("❤") == canonical("❤️") == "❤️"
    """
    found = _table().get(text.replace(_AS_PICTURE, ""))
    if found is None:
        raise BadField("The field 'emoji' is no emoji, or more than one.")
    return found


@cache
def _table() -> dict[str, str]:
    """Without U+FE0F → as it is written: 4,000 entries, made by scripts/emoji_list.py."""
    lines = resources.files(__package__).joinpath("emoji.txt").read_text(encoding="utf-8").split()
    return {emoji.replace(_AS_PICTURE, ""): emoji for emoji in lines}
