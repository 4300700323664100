"""The two ways of an event into the append queue: from a connection at once, and without one."""

from __future__ import annotations

from hubbub.chat.connection_state import ConnectionState
from hubbub.chat.future_reply import FutureReply
from hubbub.chat.log.append_queue import AppendQueue
from hubbub.errors import RateLimited
from hubbub.store.protocols import Draft
from hubbub.vocabulary import Ref, Sent


def append_at_once(queue: AppendQueue, state: ConnectionState, ref: Ref, draft: Draft) -> bool:
    """Hand it to the queue, which answers the connection; False: the user's share of it is full."""
    ticket = queue.add(state.connection, ref, draft)
    if not ticket:
        return False
    state.ticket = ticket
    return True


async def append(queue: AppendQueue, draft: Draft) -> Sent:
    """Return when it is stored. Raises what refuses it, and RateLimited: the user's share of the queue is full."""
    reply = FutureReply()
    if not queue.add(reply, 0, draft):
        raise RateLimited(retry_after_seconds=1)
    return await reply.future
