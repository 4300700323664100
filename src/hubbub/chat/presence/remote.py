"""Who of a watched room is connected to other nodes, as far as they say: leases, not events.

While somebody here watches a room, this node asks for it, and each other node answers with all its users and then with
what changes (`PresenceAnnouncer`). A node's word holds for a lease; it ends early when the node has said goodbye or is
not heard any more. A message that does not follow the last one shows that one was lost: then all is asked for anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hubbub.bus import ALONE, Bus, NodeAlive, NodeGone, NodeId, PresenceHere, PresenceWanted
from hubbub.chat.log.feed import Feed
from hubbub.chat.settings import ChatSettings
from hubbub.vocabulary import UserName

from .room_presence import NodePresence, RemotePresence

_NOWHERE: Final = NodePresence()
"""Has those who are on no node any more, but may appear on another one in a moment."""


class RemotePresenceTracker:
    """Presence on the other nodes, for the watched rooms of this one. A node that is alone asks nobody."""

    def __init__(
        self,
        bus: Bus,
        node: NodeId,
        settings: ChatSettings,
        *,
        now: Callable[[], float],
        changed: Callable[[Feed, Mapping[UserName, bool]], None],
    ) -> None:
        """`changed` is called with who came (True) and went, and is nowhere else; empty: only a count has changed."""
        self._bus = bus
        self._node = node
        self._settings = settings
        self._now = now
        self._changed = changed
        self._rooms: dict[Feed, RemotePresence] = {}
        self._alive: dict[NodeId, float] = {}
        self._gone: dict[NodeId, float] = {}
        self._deaf_at = float("inf")
        self._ticked = now()

    def want(self, feed: Feed) -> None:
        """Somebody here watches the room. Asks at once, if the last time is not just past."""
        if self._node == ALONE:
            return
        others = feed.presence.remote
        if others is None:
            others = feed.presence.remote = self._rooms[feed] = RemotePresence()
        if others.ask_at <= self._now():
            self._ask(feed, others)

    def heard(self, feed: Feed, message: PresenceHere) -> None:
        """A node tells who is there. What it repeats, and what nobody here wants to know, is nothing."""
        others = feed.presence.remote
        if others is None or message.node == self._node or message.node in self._gone:
            return
        remote = others.nodes.get(message.node)
        if remote is None:
            remote = others.nodes[message.node] = NodePresence()
        if message.number <= remote.number:
            return
        remote.until = self._now() + message.lease_seconds
        if message.whole or message.after == remote.number:
            self._apply(feed, others, remote, message)
        else:
            remote.stale = True

    def linger(self, feed: Feed, user: UserName) -> None:
        """`user` has just gone from this node, and may be back on another one that nobody has asked yet."""
        others = feed.presence.remote
        if others is not None and feed.presence.count <= self._settings.crowd:
            self._linger(others, user)

    def alive(self, message: NodeAlive) -> None:
        """A node is there. What it says of rooms is believed no longer than this."""
        if message.node == self._node:
            self._deaf_at = self._now() + message.lease_seconds / 2
        elif message.node not in self._gone:
            self._alive[message.node] = self._now() + message.lease_seconds

    def gone(self, message: NodeGone) -> None:
        """A node has ended. Its users have the grace to come back on another one."""
        now = self._now()
        self._alive.pop(message.node, None)
        self._gone[message.node] = now + self._settings.presence_lease_seconds  # a late word of it is not believed
        for others in self._rooms.values():
            remote = others.nodes.get(message.node)
            if remote is not None:
                remote.until = min(remote.until, now + self._settings.grace_seconds)

    def doubt(self) -> None:
        """The bus may have lost anything: ask for all of it anew in the next tick."""
        for others in self._rooms.values():
            others.fresh = True
            others.ask_at = 0.0

    def tick(self) -> None:
        """End what is over, and ask for what is watched."""
        now = self._now()
        if now - self._ticked > 3 * self._settings.tick_seconds or self._deaf_at <= now:
            self._renew(now)
        self._ticked = now
        dead = [node for node, until in self._alive.items() if until <= now]
        for node in dead:
            del self._alive[node]
        for node in [node for node, until in self._gone.items() if until <= now]:
            del self._gone[node]
        for feed, others in tuple(self._rooms.items()):
            self._end(feed, others, now, dead)
            if feed.presence.watchers:
                if others.ask_at <= now or self._in_doubt(others):
                    self._ask(feed, others)
            elif others.until <= now:
                feed.presence.remote = None
                del self._rooms[feed]

    def _in_doubt(self, others: RemotePresence) -> bool:
        """Whether something is missing, or somebody may have come back where nobody knows yet that it is wanted."""
        return bool(others.lingering) or any(remote.stale for remote in others.nodes.values())

    def _renew(self, now: float) -> None:
        """It is this node that stood still, or that the bus does not reach: the others get their time anew."""
        self._alive.clear()
        for others in self._rooms.values():
            for node, remote in others.nodes.items():
                if node not in self._gone:
                    remote.until = max(remote.until, now + self._settings.presence_lease_seconds)

    def _end(self, feed: Feed, others: RemotePresence, now: float, dead: list[NodeId]) -> None:
        changes: dict[UserName, bool] = {}
        unnamed = others.unnamed
        for node, remote in tuple(others.nodes.items()):
            if remote.until <= now or node in dead:
                del others.nodes[node]
                others.unnamed -= remote.unnamed
                self._take(others, remote, remote.names, changes)
        for user in [user for user, until in others.lingering.items() if until <= now]:
            del others.lingering[user]
            if others.users.remove(user, _NOWHERE):
                changes[user] = False
        self._tell(feed, changes, counted=others.unnamed != unnamed)

    def _ask(self, feed: Feed, others: RemotePresence) -> None:
        now = self._now()
        stale = [name for name, remote in others.nodes.items() if remote.stale]
        of = stale[0] if len(stale) == 1 and not others.fresh else ALONE
        lease = self._settings.presence_want_seconds
        message = PresenceWanted(self._node, lease, others.fresh or bool(stale), of)
        others.fresh = False
        others.ask_at = now + lease / 3
        others.until = now + lease
        self._bus.publish(feed.room, message)

    def _apply(self, feed: Feed, others: RemotePresence, remote: NodePresence, message: PresenceHere) -> None:
        """Take over what a node says; it follows what is known of it."""
        if message.whole:
            names = set(message.online)
            came, went = names - remote.names, remote.names - names
        else:
            came, went = set(message.online) - remote.names, remote.names.intersection(message.offline)
        unnamed = message.count if message.whole and not message.online else 0
        counted = unnamed != remote.unnamed
        others.unnamed += unnamed - remote.unnamed
        remote.unnamed = unnamed
        remote.number = message.number
        if message.whole or not remote.stale:  # a late predecessor of what is missing does not make up for it
            remote.stale = not unnamed and len(remote.names) + len(came) - len(went) != message.count
        changes: dict[UserName, bool] = {}
        for user in came:
            if others.users.add(user, remote):
                changes[user] = True
            remote.names.add(user)
        self._take(others, remote, went, changes)
        remote.names -= went
        self._tell(feed, changes, counted=counted)

    def _take(
        self, others: RemotePresence, remote: NodePresence, users: set[UserName], changes: dict[UserName, bool]
    ) -> None:
        """These users are no longer on that node. Who is on no other lingers, unless it is a crowd without names."""
        for user in users:
            if not others.unnamed:
                self._linger(others, user)
            if others.users.remove(user, remote):
                changes[user] = False

    def _linger(self, others: RemotePresence, user: UserName) -> None:
        others.users.add(user, _NOWHERE)
        others.lingering[user] = self._now() + self._settings.linger_seconds

    def _tell(self, feed: Feed, changes: Mapping[UserName, bool], *, counted: bool) -> None:
        changes = {user: online for user, online in changes.items() if not feed.presence.has(user)}
        if changes or counted:
            self._changed(feed, changes)
