"""What people can see of a text, and what a name or title may hold: by Unicode's categories, not by lists.

One rule for display names, rooms' titles and topics, and names of devices; messages only need something to see.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

from hubbub.errors import BadField

_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\U0001d159")
"""Unicode calls these letters and symbols, and draws them as nothing: fillers of Hangul, an empty Braille cell, a note
without a head."""

_TURNING: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Bidirectional classes of what turns the text around it, so that a title reads as another (Unicode TR 36, 2.10)."""

_MARKS_IN_A_ROW: Final = 6
"""No script needs more on one letter; a hundred reach into the lines above and below."""

_PLANE_OF_TAGS: Final = 0xE0000
_ZWNJ, _ZWJ, _BLACK_FLAG = "\u200c", "\u200d", "\U0001f3f4"


def has_visible(text: str) -> bool:
    """Whether there is anything to see in it. At the first character for nearly every text, else linear."""
    return any(map(is_visible, text))


def is_visible(character: str) -> bool:
    """Whether it is drawn as something by itself: a letter, number, punctuation mark or symbol.

    What this version of Unicode does not know yet may be next year's emoji.
    """
    if "!" <= character <= "~":
        return True
    category = unicodedata.category(character)
    if category[0] in "LNPS":
        return character not in _BLANK
    if category == "Cn":
        return not _is_no_character(character)
    return category == "Co" or (category == "Cf" and unicodedata.bidirectional(character) == "AN")


def one_line(value: str, field: str) -> str:
    """A name or title as it is kept: without blanks around it, in Unicode's NFC form. Empty stays empty.

    Raises:
        BadField: it is no line of text; it holds what nobody sees, or what turns the text around it; nothing in it is
            visible.
    """
    line = unicodedata.normalize("NFC", value.strip())
    for place, character in enumerate(line):
        reason = _refusal(line, place, character)
        if reason is not None:
            raise BadField(f"The field '{field}' {reason}.")
    if line and not has_visible(line):
        raise BadField(f"The field '{field}' has nothing that one can see.")
    return line


def shown(value: str) -> str:
    """What can be kept of a line that nobody is asked to write anew."""
    line = unicodedata.normalize("NFC", value)
    kept = "".join(_kept(line)).strip()
    return kept if has_visible(kept) else ""


def _kept(line: str) -> Iterator[str]:
    for place, character in enumerate(line):
        if _refusal(line, place, character) is None:
            yield character


def _refusal(line: str, place: int, character: str) -> str | None:
    """Why this character may not stand there."""
    if " " <= character <= "~":
        return None
    category = unicodedata.category(character)
    if category == "Cs":
        return "holds a lone surrogate: it is not Unicode"
    if category in {"Cc", "Zl", "Zp"}:
        return "is one line of text without control characters"
    if unicodedata.bidirectional(character) in _TURNING:
        return "holds a character that turns the text around it"
    if category == "Mn" and _marks_before(line, place) >= _MARKS_IN_A_ROW:
        return "has too many marks on one character"
    hidden = character in _BLANK or (category == "Cn" and _is_no_character(character))
    if hidden or (category == "Cf" and not _may_join(line, place, character)):
        return "holds a character that nobody can see"
    return None


def _may_join(line: str, place: int, character: str) -> bool:
    """Whether a format character does what it is for: it shapes letters (RFC 5892, A.1 and A.2) or makes one emoji."""
    if unicodedata.bidirectional(character) == "AN":  # it is drawn: signs that stand over or around numbers
        return True
    before, after = line[place - 1 : place], line[place + 1 : place + 2]
    if not before:
        return False
    if 0xE0020 <= ord(character) <= 0xE007F:  # the tags of a flag
        return before == _BLACK_FLAG or 0xE0020 <= ord(before) <= 0xE007F
    if character not in {_ZWNJ, _ZWJ} or not after:
        return False
    if unicodedata.combining(before) == 9:  # a virama
        return True
    if character == _ZWJ and _is_of_emoji(before) and _is_of_emoji(after):
        return True
    return unicodedata.bidirectional(before) == unicodedata.bidirectional(after) == "AL"


def _is_of_emoji(character: str) -> bool:
    return unicodedata.category(character) in {"So", "Sk", "Cn"} or character == "\ufe0f"


def _marks_before(line: str, place: int) -> int:
    """How many marks stand right before it, as far as it matters."""
    count = 0
    while count < _MARKS_IN_A_ROW and place > count and unicodedata.category(line[place - count - 1]) == "Mn":
        count += 1
    return count


def _is_no_character(character: str) -> bool:
    """Of what is not assigned: what never will be, and what would be ignored where it is not known."""
    code = ord(character)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF or code >= _PLANE_OF_TAGS
