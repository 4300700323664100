"""Why a record was not written. Who writes records knows what it means; to a user it is an internal error."""

from __future__ import annotations

from hubbub.errors import Internal


class Conflict(Internal):
    """A record is not as it was read: somebody else has written it, or made it, or it has expired."""


class NotUnique(Internal):
    """Another record of the collection has the same values. `index`: the name of the index."""

    def __init__(self, collection: str, index: str) -> None:
        super().__init__()
        self.collection = collection
        self.index = index
