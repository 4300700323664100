"""The ordinary users' process: a few who chat, one who arrives each second, one who signs in by password."""

from __future__ import annotations

import gc
import json
import select
import time
from collections.abc import Callable
from typing import Final

from hubbub.bench.board import GeneratorError
from hubbub.bench.dialects import DIALECTS
from hubbub.bench.frames import Masker

from .experience import Experience, Phase, note
from .line import Line
from .people import LOUNGE, NEWCOMER, OWNER, PASSWORD, SAME_ADDRESS, USERS, address, name, ordinary

SENDS_PER_SECOND: Final = 5.0
"""Of each ordinary user, at intended times."""
_ARRIVALS_PER_SECOND: Final = 1.0
_PATIENCE_SECONDS: Final = 10.0
"""After this a newcomer or somebody who signs in gives up."""
_JUST_NOW: Final = 1_000_000_000
"""Nanoseconds: what was begun less than this before the end has not failed."""
_CLOSE, _PING, _PONG = 8, 9, 10
_NATIVE = DIALECTS["native"]


class Crowd:
    """All ordinary users.

    Args:
        work: the server's CPU time up to now, in nanoseconds.
        phase: the parent's word; it goes from WARM_UP to OVER.
    """

    def __init__(
        self, server: tuple[str, int], work: Callable[[], int], phase: Callable[[], int], *, asks_password: bool
    ) -> None:
        self._server = server
        self.work = work
        self._phase = phase
        self._epoll = select.epoll()
        self.masker = Masker()
        self.experiences = [Experience() for _ in range(Phase.OVER)]
        self._users = [User(self, number) for number in range(USERS + 1)]
        self._guests: list[Guest] = []
        self._asks_password = asks_password
        self._turn = 0

    def line(self, user: int) -> Line:
        """A new connection of this user."""
        return Line(self._epoll, self._server, address(user))

    def connect(self) -> None:
        """Everybody joins the lounge. Raises GeneratorError."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not all(user.ready for user in self._users):
            self._turn_once(0.05)
            if time.monotonic() > deadline or self.experiences[0].failures:
                raise GeneratorError(f"ordinary users can't join: {self.experiences[0].failures or 'no answer'}")

    def run(self) -> list[Experience]:
        """Chat until it is over."""
        gc.freeze()
        gc.disable()  # a pause of ours would count as the server's latency
        interval = int(1e9 / SENDS_PER_SECOND / len(self._users))
        arrival = int(1e9 / _ARRIVALS_PER_SECOND)
        next_send = next_arrival = time.monotonic_ns()
        while (phase := self._phase()) != Phase.OVER:
            now = time.monotonic_ns()
            found = self.experiences[phase]
            while next_send <= now:
                found.late.append(now - next_send)
                self._users[self._turn % len(self._users)].send(phase, next_send, self._turn)
                self._turn += 1
                next_send += interval
            if next_arrival <= now:
                self._guests.append(Newcomer(self, phase, next_arrival))
                if self._asks_password:
                    self._guests.append(Owner(self, phase, next_arrival))
                next_arrival += arrival
            self._turn_once(max(0.0, (min(next_send, next_arrival) - time.monotonic_ns()) / 1e9))
        self._end()
        return self.experiences

    def _turn_once(self, seconds: float) -> None:
        # epoll's timeout has milliseconds only, select's has microseconds
        select.select([self._epoll.fileno()], (), (), seconds)
        ready = dict(self._epoll.poll(0))
        anybody: list[User | Guest] = [*self._users, *self._guests]
        for one in anybody:
            if (mask := ready.get(one.line.descriptor)) is not None:
                one.line.handle(mask)
                one.advance()
        now = time.monotonic_ns()
        for guest in [guest for guest in self._guests if guest.is_over(now)]:
            guest.line.close()
            self._guests.remove(guest)

    def _end(self) -> None:
        now = time.monotonic_ns()
        for user in self._users:
            user.give_up(now)
            user.line.close()
        for guest in self._guests:
            guest.give_up(now)
            guest.line.close()
        self._epoll.close()


class User:
    """One who chats, and comes back when the server ends the connection."""

    def __init__(self, crowd: Crowd, number: int) -> None:
        self._crowd = crowd
        self._number = number
        self._sent: dict[str, tuple[int, int, int]] = {}  # by ref: phase, the time it was due, the server's work then
        self._last_phase = Phase.WARM_UP
        self._connect()

    def _connect(self) -> None:
        self.line = self._crowd.line(self._number)
        self.ready = False
        self._opened = False
        self.line.say(_NATIVE.opening(ordinary(self._number)))

    def send(self, phase: int, due: int, turn: int) -> None:
        """Say something that was due at this time."""
        self._last_phase = phase
        if not self.ready:
            note(self._failures(phase), "not connected")
            if self.line.ended:
                self._connect()
            return
        ref = f"{turn}"
        self._sent[ref] = (phase, due, self._crowd.work())
        text = f"{self._number} {phase} {due} ".ljust(64, "x")
        said = {"type": "send", "ref": ref, "room": LOUNGE, "nonce": f"{turn}", "text": text}
        self.line.say(self._crowd.masker.frame(json.dumps(said).encode()))

    def advance(self) -> None:
        """Take what has come."""
        if not self._opened and b"\r\n\r\n" in self.line.received:
            head, _, self.line.received = self.line.received.partition(b"\r\n\r\n")
            if head.startswith(b"HTTP/1.1 101"):
                self._opened = True
                join = json.dumps({"type": "join", "ref": "join", "room": LOUNGE})
                self.line.say(self._crowd.masker.frame(join.encode()))
            else:
                self.line.ended = head[:12].decode("latin-1")
        if self._opened:
            now = time.monotonic_ns()
            for opcode, payload in self.line.frames():
                self._take(opcode, payload, now)
        if self.line.ended:
            self._lose()

    def give_up(self, now: int) -> None:
        """Nothing comes any more: what has no reply has failed, after the time that it waited."""
        work = self._crowd.work() if self._sent else 0
        for phase, due, before in self._sent.values():
            if now - due > _JUST_NOW:
                self._answered(phase, now - due, work - before)
                note(self._failures(phase), "unanswered")
        self._sent.clear()

    def _take(self, opcode: int, payload: bytes, now: int) -> None:
        if opcode == _PING:
            self.line.say(self._crowd.masker.frame(payload, _PONG))
        elif opcode == _CLOSE:
            self.line.ended = str(int.from_bytes(payload[:2], "big"))
        elif opcode == 1:
            said = json.loads(payload)
            if said["type"] == "reply":
                self._take_reply(said, now)
            elif said["type"] == "message":
                sender, phase, due, *_ = map(int, said["text"].rstrip("x").split())
                if sender < USERS and self._number == (sender + 1) % USERS:
                    self._crowd.experiences[phase].received.append(now - due)

    def _take_reply(self, said: dict[str, object], now: int) -> None:
        if said["ref"] == "join":
            self.ready = "ok" in said
        elif (sent := self._sent.pop(str(said["ref"]), None)) is not None:
            phase, due, before = sent
            self._answered(phase, now - due, self._crowd.work() - before)
        if isinstance(error := said.get("error"), dict):
            note(self._failures(self._last_phase), str(error["code"]))

    def _lose(self) -> None:
        note(self._failures(self._last_phase), f"lost: {self.line.ended}")
        self.give_up(time.monotonic_ns())
        self.line.close()
        self.ready = False

    def _answered(self, phase: int, took: int, work: int) -> None:
        found = self._crowd.experiences[phase]
        if self._number == SAME_ADDRESS:
            found.beside.append(took)
        else:
            found.replies.append(took)
            found.work.append(work)

    def _failures(self, phase: int) -> dict[str, int]:
        found = self._crowd.experiences[phase]
        return found.beside_failures if self._number == SAME_ADDRESS else found.failures


class Guest:
    """One who comes for one thing, and goes."""

    number: int

    def __init__(self, crowd: Crowd, phase: int, due: int) -> None:
        self._crowd = crowd
        self._found = crowd.experiences[phase]
        self._due = due
        self._done = False
        self.line = crowd.line(self.number)
        self.begin()

    def begin(self) -> None:
        """Say the first thing."""
        raise NotImplementedError

    def advance(self) -> None:
        """Take what has come."""
        raise NotImplementedError

    def fail(self, why: str) -> None:
        """It has not got what it came for."""
        raise NotImplementedError

    def is_over(self, now: int) -> bool:
        """Whether it goes, with or without what it came for."""
        if not self._done and now - self._due > _PATIENCE_SECONDS * 1e9:
            self.give_up(now)
        return self._done

    def give_up(self, now: int) -> None:
        """The time is up."""
        if not self._done and now - self._due > _JUST_NOW:
            self.fail("no answer")
        self._done = True


class Newcomer(Guest):
    """Connects, signs in by token and joins the lounge."""

    number = NEWCOMER

    def begin(self) -> None:
        self._opened = False
        self.line.say(_NATIVE.opening(ordinary(self.number)))

    def advance(self) -> None:
        seen = self.line.received
        if not self._opened and b"\r\n\r\n" in seen:
            self._opened = True
            if not seen.startswith(b"HTTP/1.1 101"):
                self.fail(seen[:12].decode("latin-1"))
                return
            join = json.dumps({"type": "join", "ref": "join", "room": LOUNGE})
            self.line.say(self._crowd.masker.frame(join.encode()))
        elif b'"ref":"join","ok"' in seen:
            self._found.arrivals.append(time.monotonic_ns() - self._due)
            self._done = True
        elif b'"error"' in seen or self.line.ended:
            self.fail(self.line.ended or "refused")

    def fail(self, why: str) -> None:
        self._done = True
        note(self._found.newcomer_failures, why)


class Owner(Guest):
    """Signs in by name and password."""

    number = OWNER

    def begin(self) -> None:
        body = json.dumps({"name": name(self.number), "password": PASSWORD}).encode()
        self.line.say(
            b"POST /api/v1/sessions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
        )

    def advance(self) -> None:
        seen = self.line.received
        if seen.startswith(b"HTTP/1.1 201"):
            self._found.sign_ins.append(time.monotonic_ns() - self._due)
            self._done = True
        elif len(seen) > 12 or self.line.ended:
            self.fail(seen[:12].decode("latin-1") or self.line.ended)

    def fail(self, why: str) -> None:
        self._done = True
        note(self._found.sign_in_failures, why)
