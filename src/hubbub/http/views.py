"""What the API takes and gives beyond the vocabulary."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from hubbub.identity.names import NAME_PATTERN, PASSWORD_CHARACTERS, TITLE_CHARACTERS
from hubbub.vocabulary import Limits, User
from hubbub.vocabulary.types import ONE_LINE_PATTERN, PageSize

Device = Annotated[str, Meta(max_length=1000, description="What the login is called in the list of logins.")]
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
DisplayName = Annotated[str, Meta(extra_json_schema={"maxLength": TITLE_CHARACTERS, "pattern": ONE_LINE_PATTERN})]


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


class SessionsQuery(_Input, frozen=True):
    """`after`: the last id of the page before."""

    after: str | None = None
    limit: PageSize = 200


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
