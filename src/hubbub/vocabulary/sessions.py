"""Signing in, and who somebody is."""

from __future__ import annotations

from msgspec import Struct, field

from .access import Action
from .declaration import CommandBase, ReplyBase, SignalBase, Work, command, declare
from .samples import ADA, BOB
from .subscriptions import RoomCursors, Subscribed
from .types import Ref, UserName


@declare(keys={"name": 31, "admin": 32})
class User(Struct, frozen=True, omit_defaults=True, gc=False):
    """A user as others see it. `title` is the display name; empty means: show `name`."""

    name: UserName
    title: str = ""
    admin: bool = False


@declare(keys={"text_bytes": 24, "frame_bytes": 25})
class Limits(Struct, frozen=True, gc=False):
    """What the server accepts, so that a client can say so before it sends."""

    text_bytes: int
    frame_bytes: int


@declare(example=lambda: Done())  # noqa: PLW0108  the class is not there yet
class Done(ReplyBase, frozen=True):
    """It happened; there is nothing to add."""


@command(
    number=10,
    keys={"token": 11},
    access=Action.SIGN_IN,
    work=Work(100, per_room=20),
    example=lambda: Auth(token="TOKEN", ref=1),  # noqa: S106  an example
)
class Auth(CommandBase[Subscribed], frozen=True, tag="auth"):
    """Sign this connection in with a session's token, and receive `rooms` as by `subscribe`.

    Answered by `welcome`, then by the reply: `Subscribed`.
    """

    token: str
    rooms: RoomCursors = field(default_factory=list)
    ref: Ref = None


@declare(
    number=5,
    keys={"user": 18, "session": 19, "transport": 20, "wire": 21, "heartbeat_seconds": 22, "limits": 23},
    example=lambda: Welcome(
        user=User(name=ADA, title="Ada Lovelace", admin=True),
        session="s_4fQ",
        transport="websocket",
        wire="native.json",
        heartbeat_seconds=25.0,
        limits=Limits(text_bytes=16384, frame_bytes=65536),
    ),
)
class Welcome(SignalBase, frozen=True, tag="welcome"):
    """This connection now acts as `user`.

    `session` names the login for lists of devices; `transport` and `wire` are what this connection uses, as the
    server sees it. The server pings every `heartbeat_seconds`.
    """

    user: User
    session: str
    transport: str
    wire: str
    heartbeat_seconds: float
    limits: Limits


@declare(number=20, example=lambda: ProfileChanged(user=User(name=BOB, title="Bob the Builder")))
class ProfileChanged(SignalBase, frozen=True, tag="user"):
    """A user has another display name now: myself, or somebody who is a member of a room that I have joined.

    Once for each connection, however many rooms are shared; a `title` that is absent was cleared. Who was not connected
    or slow reads names anew with `members`.
    """

    user: User
