"""Saying something, changing it and deleting it: checked here, stored and published by the append queue."""

from __future__ import annotations

from hubbub.chat.access import Actor, RoomAccess, may, roles_of
from hubbub.chat.connection_state import ConnectionState
from hubbub.chat.log.append_queue import AppendQueue
from hubbub.chat.log.feed import Feed
from hubbub.chat.registry import at_once, performs
from hubbub.chat.settings import ChatSettings
from hubbub.store.protocols import PAGE_BYTES, Draft, Store
from hubbub.vocabulary import (
    Action,
    Delete,
    Edit,
    Message,
    MessageDeleted,
    MessageEdited,
    ReadVersions,
    Send,
    Sent,
    Version,
    Versions,
)

from .appending import append, append_at_once
from .checks import check_nonce, check_text

_VERSIONS = 50


class MessageActions:
    """What becomes an event by the append queue.

    The store refuses, in the transaction of the event, who is no member of the room (`RoomForbidden`), and what is
    about no message, a deleted one, or one that has to be the actor's and is not: `UnknownMessage`, `MessageGone`,
    `NotYours`. What is malformed raises TextEmpty, TextTooLong, BadField. Without a connection: RateLimited, too.
    """

    def __init__(self, store: Store, access: RoomAccess, queue: AppendQueue, settings: ChatSettings) -> None:
        self._store = store
        self._access = access
        self._queue = queue
        self._text_bytes = settings.text_bytes

    @at_once(Send)
    def send_at_once(self, state: ConnectionState, actor: Actor, feed: Feed | None, command: Send) -> bool:
        """Hand it to the queue; False: the user's share of it is full."""
        return append_at_once(self._queue, state, command.ref, self._sent(actor, command))

    @performs(Send)
    async def send(self, actor: Actor, command: Send, origin: str) -> Sent:
        return await append(self._queue, self._sent(actor, command))

    @at_once(Edit)
    def edit_at_once(self, state: ConnectionState, actor: Actor, feed: Feed | None, command: Edit) -> bool:
        return append_at_once(self._queue, state, command.ref, self._edited(actor, command))

    @performs(Edit)
    async def edit(self, actor: Actor, command: Edit, origin: str) -> Sent:
        return await append(self._queue, self._edited(actor, command))

    @at_once(Delete)
    def delete_at_once(self, state: ConnectionState, actor: Actor, feed: Feed | None, command: Delete) -> bool:
        return append_at_once(self._queue, state, command.ref, self._deleted(actor, command))

    @performs(Delete)
    async def delete(self, actor: Actor, command: Delete, origin: str) -> Sent:
        return await append(self._queue, self._deleted(actor, command))

    @performs(ReadVersions)
    async def versions(self, actor: Actor, command: ReadVersions, origin: str) -> Versions:
        """The newest texts of a message, as many as fit into a page."""
        await self._access.check(actor, command.declared.access, command.room)
        found = await self._store.events.versions(command.room, command.seq, _VERSIONS + 1)
        page = _newest(found[-_VERSIONS:])
        return Versions(page, more=len(page) < len(found))

    def _sent(self, actor: Actor, command: Send) -> Draft:
        check_text(command.text, self._text_bytes)
        if not command.nonce.isascii():  # most are, and a call would be a twentieth of what comes before the queue
            check_nonce(command.nonce)
        event = Message(command.room, 0, actor.user.name, 0, command.text, command.reply_to)
        return Draft(event, actor.user_id, command.nonce)

    def _edited(self, actor: Actor, command: Edit) -> Draft:
        check_text(command.text, self._text_bytes)
        check_nonce(command.nonce)
        event = MessageEdited(command.room, 0, actor.user.name, 0, command.seq, command.text)
        return Draft(event, actor.user_id, command.nonce, own=True)

    def _deleted(self, actor: Actor, command: Delete) -> Draft:
        check_nonce(command.nonce)
        event = MessageDeleted(command.room, 0, actor.user.name, 0, command.seq)
        return Draft(event, actor.user_id, command.nonce, own=not may(Action.DELETE_OTHERS, roles_of(actor.user)))


def _newest(versions: list[Version]) -> list[Version]:
    """The last of them: the page begins with the one that brings its texts to `PAGE_BYTES`."""
    size = 0
    for place in range(len(versions) - 1, -1, -1):
        size += len(versions[place].text.encode())
        if size >= PAGE_BYTES:
            return versions[place:]
    return versions
