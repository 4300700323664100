"""The source of truth: what every store promises, and one folder per engine."""

from .attempts import Attempt, Bucket, Outcome
from .protocols import (
    Account,
    AccountStore,
    Appended,
    AttemptStore,
    Draft,
    EventStore,
    Login,
    LoginStore,
    Look,
    LookStore,
    Refused,
    RoomHead,
    RoomStore,
    Store,
    StoredMember,
    Version,
)

__all__ = [
    "Account",
    "AccountStore",
    "Appended",
    "Attempt",
    "AttemptStore",
    "Bucket",
    "Draft",
    "EventStore",
    "Login",
    "LoginStore",
    "Look",
    "LookStore",
    "Outcome",
    "Refused",
    "RoomHead",
    "RoomStore",
    "Store",
    "StoredMember",
    "Version",
]
