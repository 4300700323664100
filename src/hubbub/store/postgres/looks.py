"""How names and titles look."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from hubbub.store.protocols import Look

from .pool import Pool
from .session import Connection
from .texts import texts

_FIND = "SELECT look, kind, owner, same FROM looks WHERE look = ANY ($1::bytea[])"

_FORGET = "DELETE FROM looks WHERE (owner, kind) IN (SELECT * FROM unnest($1::text[], $2::text[]))"

_PUT = """
INSERT INTO looks (look, kind, owner, same)
SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[]) AS put (look, kind, owner, same)
WHERE put.look <> '' ON CONFLICT DO NOTHING
"""


class PostgresLooks(Struct, frozen=True):
    """See `LookStore`."""

    _pool: Pool

    async def find(self, looks: Sequence[bytes]) -> list[Look]:
        async def read(connection: Connection) -> list[Look]:
            return [Look(*row) for row in await connection.fetch(_FIND, list(looks))]

        return await self._pool.submit(read)

    async def put(self, looks: Sequence[Look]) -> None:
        kinds, owners = texts([look.kind for look in looks]), texts([look.owner for look in looks])

        async def write(connection: Connection) -> None:
            async with connection.transaction():
                await connection.execute(_FORGET, owners, kinds)
                await connection.execute(
                    _PUT, [look.look for look in looks], kinds, owners, [look.same for look in looks]
                )

        await self._pool.submit(write)
