"""Who may do what: the only place that says so.

Every command names its action in its declaration (vocabulary/), every REST operation in its own (http/). What follows
from the table: a connection that has not signed in is refused, a request likewise, and whoever reads or changes a room
is looked up in it. `tests/chat/test_access.py` goes through every command, operation and role.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from msgspec import Struct

from hubbub.errors import Forbidden, RoomForbidden, Unauthenticated
from hubbub.store.protocols import RoomHead, Store
from hubbub.vocabulary import Action, Role, RoomId, User, UserId

_ANYBODY: Final = frozenset({Role.STRANGER, Role.USER})

MAY: Final[Mapping[Action, frozenset[Role]]] = {
    Action.SEE_SERVER: _ANYBODY,
    Action.SEE_METRICS: frozenset({Role.ADMINISTRATOR}),
    Action.CHANGE_SERVER: frozenset({Role.ADMINISTRATOR}),
    Action.SIGN_IN: _ANYBODY,
    Action.USE_ACCOUNT: frozenset({Role.USER}),
    Action.FIND_ROOMS: frozenset({Role.USER}),
    Action.CREATE_ROOM: frozenset({Role.USER}),
    Action.CHANGE_ROOM: frozenset({Role.MEMBER}),
    Action.JOIN_ROOM: frozenset({Role.USER}),
    Action.LEAVE_ROOM: frozenset({Role.USER}),
    Action.READ_ROOM: frozenset({Role.MEMBER}),
    Action.WRITE: frozenset({Role.MEMBER}),
    Action.DELETE_OTHERS: frozenset({Role.ADMINISTRATOR}),
}
"""The roles that may; one of them is enough. Whoever signed in is a user, whatever else."""

_IN_A_ROOM: Final = frozenset({Role.MEMBER})


def roles_of(user: User | None, *, member: bool = False) -> frozenset[Role]:
    """What somebody is. None: not signed in. `member`: of the room in question."""
    if user is None:
        return frozenset({Role.STRANGER})
    roles = {Role.USER}
    if member:
        roles.add(Role.MEMBER)
    if user.admin:
        roles.add(Role.ADMINISTRATOR)
    return frozenset(roles)


def may(action: Action, roles: AbstractSet[Role]) -> bool:
    """Whether one of the roles is enough."""
    return not MAY[action].isdisjoint(roles)


def is_public(action: Action) -> bool:
    """Whether nobody has to sign in for it."""
    return Role.STRANGER in MAY[action]


def needs_room_role(action: Action) -> bool:
    """Whether it depends on what somebody is in the room."""
    return not MAY[action].isdisjoint(_IN_A_ROOM)


def check_outside_rooms(action: Action, user: User | None) -> None:
    """Refuse what is plain without looking at a room.

    Raises:
        Unauthenticated: somebody who has not signed in, and has to.
        Forbidden: no role in any room would be enough.
    """
    if may(action, roles_of(user)):
        return
    if user is None:
        raise Unauthenticated
    if not needs_room_role(action):
        raise Forbidden


class RoomAccess:
    """Looks up what somebody is in a room.

    What writes in a room is not looked up: a connection that has joined it is a member's, and the store refuses, in the
    same transaction, what is no member's (`Action.WRITE`), and changes of messages that are not the sender's. So it
    does with read marks, which only members have.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def check(self, actor: Actor, action: Action, room: RoomId) -> RoomHead:
        """The room as it is for the actor. Raises UnknownRoom, StoreUnavailable; RoomForbidden: the actor may not."""
        head = await self._store.rooms.head(room, actor.user_id)
        if not may(action, roles_of(actor.user, member=head.member)):
            raise RoomForbidden
        return head


class Actor(Struct, frozen=True, gc=False):
    """An authenticated user, by one login. Connections of the same login share it.

    Attributes:
        session: the login's public id.
        expires_ms: when the login ends as far as is known here (Unix milliseconds); it may have been used since.
    """

    user_id: UserId
    user: User
    session: str
    expires_ms: int = 0
