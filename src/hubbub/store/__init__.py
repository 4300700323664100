"""The source of truth: what every store promises, and one folder per engine."""

from .protocols import (
    Account,
    AccountStore,
    Appended,
    Draft,
    EventStore,
    Login,
    LoginStore,
    Refused,
    RoomHead,
    RoomStore,
    Store,
    StoredMember,
)
from .settings import Settings

__all__ = [
    "Account",
    "AccountStore",
    "Appended",
    "Draft",
    "EventStore",
    "Login",
    "LoginStore",
    "Refused",
    "RoomHead",
    "RoomStore",
    "Settings",
    "Store",
    "StoredMember",
]
