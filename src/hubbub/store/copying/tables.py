"""What a store holds, as tables that both engines have."""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct

Value: TypeAlias = int | str | bytes | bool | None
Row: TypeAlias = tuple[Value, ...]


class Table(Struct, frozen=True):
    """A table whose rows are copied in the order of `key`.

    Attributes:
        columns: column -> its PostgreSQL type.
        key: columns that identify a row; the first ones of `columns`.
    """

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]

    def key_of(self, row: Row) -> tuple[int | str, ...]:
        return tuple(value for value in row[: len(self.key)] if isinstance(value, int | str))


EVENTS: Final = Table(
    "events",
    {
        "room_key": "bigint",
        "seq": "bigint",
        "sender_key": "bigint",
        "ts": "bigint",
        "notices": "bigint",
        "kind": "smallint",
        "nonce": "text",
        "body": "text",
    },
    ("room_key", "seq"),
)

TABLES: Final = (
    Table(
        "users",
        {
            "key": "bigint",
            "name": "text",
            "title": "text",
            "admin": "boolean",
            "password_hash": "text",
            "created_ms": "bigint",
        },
        ("key",),
    ),
    Table("settings", {"key": "text", "value": "text"}, ("key",)),
    Table(
        "logins",
        {
            "id": "text",
            "token_sha256": "bytea",
            "user_key": "bigint",
            "device": "text",
            "created_ms": "bigint",
            "seen_ms": "bigint",
            "expires_ms": "bigint",
        },
        ("id",),
    ),
    Table("rooms", {"key": "bigint", "id": "text", "title": "text", "topic": "text", "created_ms": "bigint"}, ("key",)),
    Table(
        "members",
        {"room_key": "bigint", "user_key": "bigint", "since_ms": "bigint", "read_seq": "bigint"},
        ("room_key", "user_key"),
    ),
    EVENTS,
)
"""In the order in which they are copied: what a row refers to is there before it."""


class Progress(Struct, frozen=True):
    """How far a copy is. It is stored in the target, in the same transaction as the rows.

    Attributes:
        source: the fingerprint of the source, so that a copy is only continued from the same content.
        table: the last table from which rows came, or "".
        last: the key of the last row that was copied.
        rows: how many in all.
    """

    source: str
    table: str = ""
    last: tuple[int | str, ...] = ()
    rows: int = 0
