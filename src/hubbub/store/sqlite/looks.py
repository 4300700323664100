"""How names and titles look."""

from __future__ import annotations

from collections.abc import Sequence

import apsw
import msgspec
from msgspec import Struct

from hubbub.store.protocols import Look

from .readers import Readers
from .writer import Writer

_FIND = """
SELECT json_group_array(json_array(lower(hex(looks.look)), kind, owner, lower(hex(same))))
FROM json_each(?) AS want JOIN looks ON looks.look = unhex(want.value)
"""

_FORGET = """
DELETE FROM looks WHERE (owner, kind) IN (SELECT put.value ->> 2, put.value ->> 1 FROM json_each(?) AS put)
"""

_PUT = """
INSERT INTO looks (look, kind, owner, same)
SELECT unhex(put.value ->> 0), put.value ->> 1, put.value ->> 2, unhex(put.value ->> 3) FROM json_each(?) AS put
WHERE put.value ->> 0 <> '' ON CONFLICT DO NOTHING
"""

_decode = msgspec.json.Decoder(list[tuple[str, str, str, str]]).decode
_encode = msgspec.json.Encoder().encode


class SqliteLooks(Struct, frozen=True):
    """See `LookStore`."""

    _readers: Readers
    _writer: Writer

    async def find(self, looks: Sequence[bytes]) -> list[Look]:
        wanted = _encode([look.hex() for look in looks]).decode()

        def read(database: apsw.Connection) -> list[Look]:
            found = _decode(database.execute(_FIND, (wanted,)).get)
            return [Look(bytes.fromhex(look), kind, owner, bytes.fromhex(same)) for look, kind, owner, same in found]

        return await self._readers.read(read)

    async def put(self, looks: Sequence[Look]) -> None:
        given = _encode([(look.look.hex(), look.kind, look.owner, look.same.hex()) for look in looks]).decode()

        def write(database: apsw.Connection) -> None:
            database.execute(_FORGET, (given,))
            database.execute(_PUT, (given,))

        await self._writer.write(write)
