"""What a store holds, as tables that both engines have."""

from __future__ import annotations

from typing import Final, TypeAlias

from msgspec import Struct

Value: TypeAlias = int | str | bytes | bool | None
Row: TypeAlias = tuple[Value, ...]
Place: TypeAlias = tuple[int | str, ...]
"""A row's key as `Progress` can hold it: bytes as hexadecimal digits."""


class Table(Struct, frozen=True):
    """A table whose rows are copied in the order of `key`.

    Attributes:
        columns: column -> its PostgreSQL type.
        key: columns that identify a row; the first ones of `columns`.
    """

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]

    def key_of(self, row: Row) -> Place:
        """The place of a row, to go on behind it."""
        key = row[: len(self.key)]
        return tuple(value.hex() if isinstance(value, bytes) else value for value in key if value is not None)

    def values_of(self, place: Place) -> Row:
        """The key of the row at this place, as the engines have it; () of ()."""
        kinds = [self.columns[column] for column in self.key]
        return tuple(
            bytes.fromhex(str(value)) if kind == "bytea" else value for kind, value in zip(kinds, place, strict=False)
        )


EVENTS: Final = Table(
    "events",
    {
        "room_key": "bigint",
        "seq": "bigint",
        "sender_key": "bigint",
        "ts": "bigint",
        "notices": "bigint",
        "kind": "smallint",
        "about": "bigint",
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
    Table(
        "records",
        {
            "collection": "text",
            "key": "bytea",
            "revision": "bigint",
            "expires_ms": "bigint",
            "s1": "bytea",
            "s2": "bytea",
            "s3": "bytea",
            "s4": "bytea",
            "body": "text",
        },
        ("collection", "key"),
    ),
    Table(
        "rooms",
        {
            "key": "bigint",
            "id": "text",
            "title": "text",
            "topic": "text",
            "created_ms": "bigint",
            "epoch": "bigint",
        },
        ("key",),
    ),
    Table(
        "members",
        {"room_key": "bigint", "user_key": "bigint", "since_ms": "bigint", "read_seq": "bigint", "name": "text"},
        ("room_key", "user_key"),
    ),
    EVENTS,
    Table(
        "message_states",
        {"room_key": "bigint", "seq": "bigint", "last_seq": "bigint", "edit_seq": "bigint", "deleted": "boolean"},
        ("room_key", "seq"),
    ),
    Table(
        "reactions",
        {"room_key": "bigint", "seq": "bigint", "emoji": "text", "at_seq": "bigint", "user_key": "bigint"},
        ("room_key", "seq", "emoji", "at_seq"),
    ),
    Table(
        "reaction_counts",
        {"room_key": "bigint", "seq": "bigint", "emoji": "text", "place": "bigint", "count": "bigint"},
        ("room_key", "seq", "emoji"),
    ),
)
"""In the order in which they are copied: what a row refers to is there before it."""


COUNTED: Final = " + ".join(f"(SELECT count(*) FROM {table.name})" for table in TABLES if table is not EVENTS)  # noqa: S608
"""SQL: the rows of all of them but the events, which need not be counted: a log has no holes."""


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
    last: Place = ()
    rows: int = 0
