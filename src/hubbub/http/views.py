"""What the API takes and gives beyond the vocabulary."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from hubbub.chat.checks import ROOM_PATTERN
from hubbub.identity.names import NAME_PATTERN, PASSWORD_CHARACTERS, TITLE_CHARACTERS
from hubbub.vocabulary import Limits, RoomId, User

_ONE_LINE: Final = r"^[^\u0000-\u001f\u007f]*$"

Device = Annotated[str, Meta(max_length=1000, description="What the login is called in the list of logins.")]
PageSize = Annotated[int, Meta(ge=1, le=200)]
Cursor = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Nonce = Annotated[str, Meta(min_length=1, max_length=64, description="The client's idempotency key of this message.")]
DeviceToken = Annotated[
    str,
    Meta(
        max_length=200,
        description="What an earlier sign-in of this name on this device gave. Browsers keep it in a cookie.",
    ),
]
Password = Annotated[str, Meta(max_length=1000)]

# What the layers below demand, with error codes of their own: described here, checked there. A test tries each.
NewName = Annotated[str, Meta(extra_json_schema={"pattern": f"^{NAME_PATTERN}$"})]
NewPassword = Annotated[
    str,
    Meta(extra_json_schema={"minLength": PASSWORD_CHARACTERS.start, "maxLength": PASSWORD_CHARACTERS.stop - 1}),
]
DisplayName = Annotated[str, Meta(extra_json_schema={"maxLength": TITLE_CHARACTERS, "pattern": _ONE_LINE})]
NewRoomId = Annotated[RoomId, Meta(extra_json_schema={"pattern": f"^{ROOM_PATTERN}$"})]
Text = Annotated[
    str,
    Meta(
        description="Markdown, at most `limits.text_bytes` bytes of UTF-8.",
        extra_json_schema={"minLength": 1, "pattern": r"\S"},
    ),
]


class _Input(Struct, frozen=True, forbid_unknown_fields=True):
    pass


class NewAccount(_Input, frozen=True):
    """`cookie`: put the token into the browser's cookie instead of the answer."""

    name: NewName
    password: NewPassword
    title: DisplayName = ""
    cookie: bool = False
    device: Device = ""


class SignIn(_Input, frozen=True):
    """`cookie`: put the token into the browser's cookie instead of the answer."""

    name: str
    password: Password
    cookie: bool = False
    device: Device = ""
    device_token: DeviceToken = ""


class Profile(_Input, frozen=True):
    """What is absent stays as it is."""

    title: DisplayName | None = None


class PasswordChange(_Input, frozen=True):
    old: Password
    new: NewPassword


class ServerChange(_Input, frozen=True):
    signup: Literal["open", "closed"]


class NewRoom(_Input, frozen=True):
    room: NewRoomId
    title: Annotated[str, Meta(max_length=80, extra_json_schema={"pattern": _ONE_LINE})] = ""
    topic: Annotated[str, Meta(max_length=250, extra_json_schema={"pattern": _ONE_LINE})] = ""


class RoomsQuery(_Input, frozen=True):
    """`after`: the last room id of the page before."""

    after: RoomId | None = None
    limit: PageSize = 200


class DirectoryQuery(_Input, frozen=True):
    """`after`: the last room id of the page before."""

    after: RoomId | None = None
    limit: PageSize = 100


class SessionsQuery(_Input, frozen=True):
    """`after`: the last id of the page before."""

    after: str | None = None
    limit: PageSize = 200


class MembersQuery(_Input, frozen=True):
    """`after`: the last name of the page before."""

    after: str | None = None
    limit: PageSize = 100


class EventsQuery(_Input, frozen=True):
    """`before`: events with a smaller `seq`. `after`: with a greater one. Neither: the newest. Both: refused."""

    before: Cursor | None = None
    after: Cursor | None = None
    limit: PageSize = 50


class NewMessage(_Input, frozen=True):
    text: Text
    nonce: Nonce


class NewReadMark(_Input, frozen=True):
    seq: Cursor


class ServerInfo(Struct, frozen=True):
    """`needs_setup`: there is no account yet; the first one becomes administrator."""

    name: str
    version: str
    signup: str
    needs_setup: bool
    limits: Limits


class SignedInView(Struct, frozen=True):
    """`session`: the login's id in the list of logins. `token`: null when it went into the cookie.

    `device_token`: give it to the next sign-in of this name on this device, which is then not held up by others who
    guess the password. It is no login. Null when it went into a cookie.
    """

    user: User
    session: str
    token: str | None
    device_token: str | None


class Me(Struct, frozen=True):
    user: User
    session: str


class SessionView(Struct, frozen=True):
    """One login on one device. `current`: the one that asks. Times in Unix milliseconds."""

    id: str
    device: str
    created_ms: int
    seen_ms: int
    current: bool


class SessionList(Struct, frozen=True):
    """A page of my logins. `more`: there are further ones."""

    sessions: list[SessionView]
    more: bool
