"""Identifiers and bounded values that several topics of the vocabulary share."""

from __future__ import annotations

from typing import Annotated, Final, NewType

from msgspec import Meta

RoomId = NewType("RoomId", str)
"""A room's permanent name on the wire: `[a-z0-9][a-z0-9_-]{0,63}`. Its title may change, this does not."""

UserName = NewType("UserName", str)
"""A user's permanent name on the wire: `[a-z0-9][a-z0-9._-]{0,31}`."""

UserId = NewType("UserId", int)
"""The store's key of a user. It never leaves the server."""

Seq = int
"""A position in a room's log: 1, 2, 3, … without holes. 0 means before the first entry."""

EXACT: Final = 2**53 - 1
"""The greatest integer that every client's language represents exactly."""

Ref = Annotated[int, Meta(ge=-EXACT, le=EXACT)] | Annotated[str, Meta(max_length=64)] | None
Nonce = Annotated[str, Meta(min_length=1, max_length=64, description="The client's idempotency key of this message.")]
Emoji = Annotated[str, Meta(min_length=1, max_length=32)]
PageSize = Annotated[int, Meta(ge=1, le=200)]
Cursor = Annotated[int, Meta(ge=0, le=EXACT)]

# What the chat demands beyond the parser, with error codes of its own: described here, checked in
# chat/actions/checks.py and identity/texts.py. A test tries each.
ROOM_PATTERN: Final = "[a-z0-9][a-z0-9_-]{0,63}"
ONE_LINE_PATTERN: Final = r"^[^\u0000-\u001f\u007f]*$"
NewRoomId = Annotated[RoomId, Meta(extra_json_schema={"pattern": f"^{ROOM_PATTERN}$"})]
RoomTitle = Annotated[str, Meta(max_length=80, extra_json_schema={"pattern": ONE_LINE_PATTERN})]
RoomTopic = Annotated[str, Meta(max_length=250, extra_json_schema={"pattern": ONE_LINE_PATTERN})]
Text = Annotated[
    str,
    Meta(
        description="Markdown, at most `limits.text_bytes` bytes of UTF-8.",
        extra_json_schema={"minLength": 1, "pattern": r"\S"},
    ),
]
