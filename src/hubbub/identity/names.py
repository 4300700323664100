"""What names, titles, devices and passwords may look like."""

from __future__ import annotations

import re
import unicodedata

from hubbub.errors import BadField, BadName, WeakPassword
from hubbub.vocabulary import UserName

from .texts import one_line, shown

NAME_PATTERN = "[a-z0-9][a-z0-9._-]{0,31}"
_NAME = re.compile(NAME_PATTERN)

NAME_CHARACTERS = 32
TITLE_CHARACTERS = 80
DEVICE_CHARACTERS = 120
PASSWORD_CHARACTERS = range(8, 257)


def check_name(name: str) -> UserName:
    """Raises BadName."""
    if not _NAME.fullmatch(name):
        raise BadName
    return UserName(name)


def check_title(title: str) -> str:
    """The display name as it is kept; empty: none. Raises BadField."""
    if len(title) > TITLE_CHARACTERS and len(title.strip()) > TITLE_CHARACTERS:
        raise BadField(f"A title has at most {TITLE_CHARACTERS} characters.")
    return one_line(title, "title")


def clean_device(device: str) -> str:
    """A device describes itself (often a User-Agent header): shorten it and drop what can't be shown."""
    return shown(device[:DEVICE_CHARACTERS])


def check_password(password: str) -> str:
    """The password in Unicode's NFKC form: keyboards differ in how they compose. Raises WeakPassword."""
    if len(password) not in PASSWORD_CHARACTERS or any(unicodedata.category(c) == "Cs" for c in password):
        raise WeakPassword
    return unicodedata.normalize("NFKC", password)
