"""Saying something: checked here, stored and published by the append queue."""

from __future__ import annotations

from hubbub.chat.actor import Actor
from hubbub.chat.connection_state import ConnectionState
from hubbub.chat.future_reply import FutureReply
from hubbub.chat.log.append_queue import AppendQueue
from hubbub.chat.log.feed import Feed
from hubbub.chat.registry import at_once, performs
from hubbub.chat.settings import ChatSettings
from hubbub.errors import RateLimited
from hubbub.store.protocols import Draft
from hubbub.vocabulary import Message, Send, Sent

from .checks import check_nonce, check_text


class MessageActions:
    """What becomes an event by the append queue. The store refuses it when the sender is no member of the room."""

    def __init__(self, queue: AppendQueue, settings: ChatSettings) -> None:
        self._queue = queue
        self._text_bytes = settings.text_bytes

    @at_once(Send)
    def send_at_once(self, state: ConnectionState, actor: Actor, feed: Feed | None, command: Send) -> bool:
        """Hand it to the queue; False: the user's share of it is full. Raises TextEmpty, TextTooLong, BadField."""
        check_text(command.text, self._text_bytes)
        if not command.nonce.isascii():  # most are, and a call would be a twentieth of what comes before the queue
            check_nonce(command.nonce)
        ticket = self._queue.add(state.connection, command.ref, _draft(actor, command))
        if not ticket:
            return False
        state.ticket = ticket
        return True

    @performs(Send)
    async def send(self, actor: Actor, command: Send, origin: str) -> Sent:
        """The same without a connection. Raises RateLimited: the user's share of the queue is full."""
        check_text(command.text, self._text_bytes)
        check_nonce(command.nonce)
        reply = FutureReply()
        if not self._queue.add(reply, 0, _draft(actor, command)):
            raise RateLimited(retry_after_seconds=1)
        return await reply.future


def _draft(actor: Actor, command: Send) -> Draft:
    return Draft(Message(command.room, 0, actor.user.name, 0, command.text), actor.user_id, command.nonce)
