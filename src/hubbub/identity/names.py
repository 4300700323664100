"""What names, titles, devices and passwords may look like."""

from __future__ import annotations

import re
import unicodedata

from hubbub.errors import BadField, BadName, WeakPassword
from hubbub.vocabulary import UserName

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,31}")

NAME_CHARACTERS = 32
TITLE_CHARACTERS = 80
DEVICE_CHARACTERS = 120
PASSWORD_CHARACTERS = range(8, 257)

# Control and unassigned characters, lone surrogates, line and paragraph separators.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cn", "Cs", "Zl", "Zp"})
# They turn the text around them, so that a name can pose as another (Unicode TR 36, section 2.10).
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_name(name: str) -> UserName:
    """Raises BadName."""
    if not _NAME.fullmatch(name):
        raise BadName
    return UserName(name)


def check_title(title: str) -> str:
    """The display name without blanks around it; empty: none. Raises BadField."""
    title = title.strip()
    if len(title) > TITLE_CHARACTERS or any(map(_is_refused, title)):
        raise BadField(f"A title has at most {TITLE_CHARACTERS} characters and no control characters.")
    return title


def clean_device(device: str) -> str:
    """A device describes itself (often a User-Agent header): shorten it and drop what can't be shown."""
    return "".join(character for character in device[:DEVICE_CHARACTERS] if not _is_refused(character)).strip()


def check_password(password: str) -> str:
    """The password in Unicode's NFKC form: keyboards differ in how they compose. Raises WeakPassword."""
    if len(password) not in PASSWORD_CHARACTERS or any(unicodedata.category(c) == "Cs" for c in password):
        raise WeakPassword
    return unicodedata.normalize("NFKC", password)


def _is_refused(character: str) -> bool:
    return unicodedata.category(character) in _REFUSED_CATEGORIES or character in _BIDI_CONTROLS
