"""A client of a run resumes as clients should, and writes down what it was shown and told."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import msgspec
from msgspec import Raw, Struct

from hubbub.client.frames import ReplyFrame
from hubbub.errors import ErrorBody
from hubbub.verify import Entry, Stretch, View
from hubbub.verify.conversation import Conversation
from hubbub.vocabulary import Join, Joined, Message, Rooms, Send, Sent, Seq, UserName

from .histories import ROOM, said


class Client:
    """A conversation with what it posted, and what it wants to do a little later."""

    def __init__(self, repeat_share: float = 0.0) -> None:
        self.view = View("r", "json", ROOM)
        self.posted: list[Struct] = []
        self.later: list[Callable[[], None]] = []
        self.conversation = Conversation([self.view], self.later.append, Random(1), repeat_share)
        self.conversation.connected(self.posted.append)

    def take(self) -> list[Struct]:
        posted, self.posted[:] = list(self.posted), []
        return posted

    def answer(self, command: Struct, ok: Struct) -> None:
        self.conversation.receive(ReplyFrame(command.ref, Raw(msgspec.json.encode(ok))))  # type: ignore[attr-defined]

    def refuse(self, command: Struct, code: str, *, retryable: bool) -> None:
        error = ErrorBody(code, "", retryable)
        self.conversation.receive(ReplyFrame(command.ref, error=error))  # type: ignore[attr-defined]

    def join(self, head: Seq = 0) -> None:
        (join,) = self.take()
        self.answer(join, Joined(ROOM, head, 0, 0))

    def hear(self, *seqs: Seq) -> None:
        for seq in seqs:
            self.conversation.receive(Message(ROOM, seq, UserName("bob"), 0, f"b{seq}"))

    def reconnect(self) -> None:
        self.conversation.interrupted()
        self.conversation.connected(self.posted.append)


def entries(*seqs: Seq) -> list[Entry]:
    return [Entry(seq, "bob", f"b{seq}") for seq in seqs]


def test_it_comes_back_with_its_cursor_and_notes_each_connection_apart() -> None:
    client = Client()
    assert client.posted == [Join(ROOM, None, 1)]
    client.join(head=7)
    client.hear(8, 9)
    client.reconnect()
    assert client.posted == [Join(ROOM, 9, 2)]
    client.join(head=11)
    client.hear(10, 11)

    assert client.view.stretches == [Stretch(7, entries(8, 9)), Stretch(9, entries(10, 11))]
    assert client.conversation.ready


def test_a_repeat_does_not_move_the_cursor_back() -> None:
    client = Client()
    client.join(head=7)
    client.hear(8, 9, 8)
    client.reconnect()

    assert client.posted == [Join(ROOM, 9, 2)]


def test_what_was_on_its_way_is_sent_again_with_its_nonce_and_before_the_rest() -> None:
    client = Client()
    first, second, third = said("a"), said("b"), said("c")
    for one in (first, second, third):
        one.attempts = one.attempts - 1
    client.conversation.say(first)
    client.join()
    client.conversation.say(second)
    assert client.take() == [Send(ROOM, "a", "a", ref=2), Send(ROOM, "b", "b", ref=3)]
    client.conversation.interrupted()
    client.conversation.say(third)
    client.conversation.connected(client.posted.append)
    client.join()
    sends = client.take()

    assert sends == [Send(ROOM, "a", "a", ref=5), Send(ROOM, "b", "b", ref=6), Send(ROOM, "c", "c", ref=7)]
    client.answer(sends[0], Sent(4, 0, repeat=True))
    assert (first.attempts, first.acknowledged, client.conversation.open) == (2, [4], 2)


def test_some_acknowledged_messages_are_said_once_more() -> None:
    client = Client(repeat_share=1.0)
    client.join()
    one = said("a")
    client.conversation.say(one)
    client.answer(client.take()[0], Sent(4, 0))
    client.answer(client.take()[0], Sent(4, 0, repeat=True))

    assert one.acknowledged == [4, 4]
    assert not client.posted
    assert not client.conversation.waits


def test_what_may_succeed_later_is_asked_again() -> None:
    client = Client()
    client.refuse(client.take()[0], "store_unavailable", retryable=True)
    client.later.pop()()
    client.join()
    one = said("a")
    client.conversation.say(one)
    client.refuse(client.take()[0], "store_unavailable", retryable=True)
    client.later.pop()()
    client.answer(client.take()[0], Sent(1, 0))

    assert one.acknowledged == [1]
    assert client.view.errors == []


def test_what_the_server_should_not_refuse_is_noted() -> None:
    client = Client()
    client.refuse(client.take()[0], "cursor_ahead", retryable=False)
    client.later.pop()()
    client.join()
    one = said("a")
    client.conversation.say(one)
    client.refuse(client.take()[0], "room_forbidden", retryable=False)

    assert client.view.errors == ["cursor_ahead"]
    assert one.refused == "room_forbidden"
    assert client.conversation.open == 0


def test_an_event_before_the_reply_to_join_is_noted() -> None:
    client = Client()
    client.hear(1)

    assert client.view.errors == ["an event came before the reply"]


def test_it_asks_whether_the_server_is_there() -> None:
    client = Client()
    client.join()
    client.conversation.ask()
    assert client.posted == [Rooms(ref=2)]
    assert client.conversation.waits
    client.conversation.receive(ReplyFrame(2, Raw(b'{"rooms":[]}')))

    assert not client.conversation.waits
