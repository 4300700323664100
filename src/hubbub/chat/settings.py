"""The chat's limits and times."""

from __future__ import annotations

from msgspec import Struct


class ChatSettings(Struct, frozen=True, kw_only=True):
    """Everything here is a limit on what one client can cost, or a time after which something happens.

    Attributes:
        text_bytes: the longest message, in UTF-8.
        frame_bytes: told to clients in `welcome`; the transports enforce it.
        heartbeat_seconds: told to clients in `welcome`; the transports keep it.
        allowed_origins: origins other than our own whose pages may use the session cookie, e.g. `https://example.org`.
        auth_seconds: how long a connection may stay without signing in.
        lag_seconds: how long one may leave its write buffer full before it is closed with TOO_SLOW.
        backlog_commands: commands of one connection that wait behind a slow one; a further one is refused. More than
            the 100 joins with which an event stream may begin.
        pending_sends: sends of all connections that wait for the store; a further one is refused.
        strangers_per_address: connections of one address that have not signed in, at a time. 0: any number.
        user_work_per_second: what one user may ask for on average, over all connections and requests together, in
            units of work (quotas.py). Twenty seconds' worth may come at once. 0: no limit.
        page_events: events read from the store at a time, in a replay and in filling a gap.
        chunk_bytes: text handed to a connection at once in a replay; between two chunks it may turn out to be slow.
        held_events: events of one room kept while their predecessor is missing; further ones come from the store.
        gap_seconds: how long a missing predecessor may still arrive by itself before the store is asked.
        heads_seconds: how often every room's head is compared with the store by a node that is alone.
        shared_heads_seconds: the same for one of several nodes, whose bus may lose events.
        settle_seconds: after this long one of several nodes compares the head of a room that it has just subscribed; by
            then the subscription has taken effect.
        grace_seconds: how long a user may be away from a room without being shown as offline.
        crowd: with more users online, presence is a number; with more watchers, nobody is told who types.
        presence_writes: a room's presence signals go to at most this many watchers a second, so they come more rarely
            than each second when more are watching.
        presence_want_seconds: for how long other nodes tell who is in a room after this node has asked; it asks again
            after a third of it, while somebody here watches.
        presence_lease_seconds: for how long this node's word about a room is believed by others; it is said again after
            a third of it.
        linger_seconds: for how long who has gone from one of several nodes is still shown on others, since they may be
            on another one that has not said so yet. Longer than a tick, in which that one is asked.
        typing_seconds: the least time between two typing signals of one user in one room.
        typing_expiry_seconds: after this long without a new `typing` the user has stopped; clients count as well.
        tick_seconds: the period of everything above that is counted in whole seconds; presence is sent once a tick.
    """

    text_bytes: int = 16384
    frame_bytes: int = 65536
    heartbeat_seconds: float = 25.0
    allowed_origins: tuple[str, ...] = ()
    auth_seconds: float = 10.0
    lag_seconds: float = 60.0
    backlog_commands: int = 128
    pending_sends: int = 20_000
    strangers_per_address: int = 5_000
    user_work_per_second: float = 5_000.0
    page_events: int = 200
    chunk_bytes: int = 65536
    held_events: int = 1_000
    gap_seconds: float = 0.05
    heads_seconds: float = 15.0
    shared_heads_seconds: float = 5.0
    settle_seconds: float = 0.5
    grace_seconds: float = 3.0
    crowd: int = 200
    presence_writes: int = 2_000
    presence_want_seconds: float = 10.0
    presence_lease_seconds: float = 30.0
    linger_seconds: float = 1.5
    typing_seconds: float = 2.0
    typing_expiry_seconds: float = 6.0
    tick_seconds: float = 1.0
