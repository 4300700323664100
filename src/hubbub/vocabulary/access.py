"""Who may be asked for what: the names of roles and of actions. Which role may do which action says chat/access.py."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is to the server, and to the room that a command names. One may be several at once."""

    STRANGER = "stranger"
    """Not signed in."""
    USER = "user"
    """Signed in."""
    MEMBER = "member"
    """Signed in, and a member of the room."""
    ADMINISTRATOR = "administrator"
    """Signed in, and an administrator of the server."""


class Action(StrEnum):
    """What a command or a REST operation does, as far as it matters who may. Several may do the same action."""

    SEE_SERVER = "see the server"
    SEE_METRICS = "see the metrics"
    CHANGE_SERVER = "change the server"
    SIGN_IN = "sign in or up"
    USE_ACCOUNT = "use one's account"
    FIND_ROOMS = "find rooms"
    CREATE_ROOM = "create a room"
    CHANGE_ROOM = "change a room"
    JOIN_ROOM = "join a room"
    LEAVE_ROOM = "leave a room"
    READ_ROOM = "read a room"
    WRITE = "write in a room"
    DELETE_OTHERS = "delete messages of others"
