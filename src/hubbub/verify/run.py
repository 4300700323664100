"""A run from its first login to its verdict."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from random import Random
from typing import Final

import msgspec
from msgspec import Struct

from hubbub.client import ConnectionLost
from hubbub.vocabulary import RoomId, Seq

from .checker import check
from .history import History, Said, View
from .participant import Account, Participant
from .plan import Plan, WireName
from .preparing import accounts_for, head_of, log_of, make_rooms
from .verdict import Verdict

_GLANCE_SECONDS: Final = 0.05


class WireFigures(Struct):
    """What the clients of one wire went through, all together; `silence_seconds` is the longest of any of them."""

    clients: int = 0
    connections: int = 0
    dropped: int = 0
    shown: int = 0
    silence_seconds: float = 0.0


class Outcome(Struct):
    """Of a run.

    Attributes:
        rooms: that were made for it; they stay.
        seconds: from the first message to the last reader's last entry.
        settled: every message was acknowledged or refused, and every reader reached the end of each log, in time.
    """

    plan: Plan
    rooms: list[RoomId]
    seconds: float
    settled: bool
    wires: dict[WireName, WireFigures]
    verdict: Verdict


class Run:
    """One run of a plan. Use it once.

    Args:
        say: told in a few words what is going on.

    Attributes:
        history: grows while it runs.
    """

    def __init__(self, plan: Plan, say: Callable[[str], None]) -> None:
        self.history = History()
        self._plan = plan
        self._say = say
        self._name = f"verify-{secrets.token_hex(4)}"
        self._rooms = [RoomId(f"{self._name}-{number}") for number in range(1, plan.rooms + 1)]
        self._random = Random(f"{plan.seed} load")  # noqa: S311  to be repeated, not to be secret
        self._clients: list[Participant] = []
        self._clock = asyncio.get_running_loop().time

    async def __call__(self) -> Outcome:
        """Raises HubbubError: it could not begin, or no server gave the logs at its end."""
        plan = self._plan
        accounts = await accounts_for(plan.urls, plan.tokens, plan.accounts, self._name)
        await make_rooms(plan.urls, accounts[0], self._rooms)
        self._clients = [self._client(number, accounts) for number in range(plan.senders + plan.readers)]
        try:
            for client in self._clients:
                client.start()
            await self._all_ready()
            began = self._clock()
            self._say(f"{len(self._clients)} clients are in {plan.rooms} rooms; {plan.rate:g} messages/s …")
            await self._load()
            self._say("no further messages; waiting until everybody has everything …")
            settled = await self._settle(accounts[0])
            seconds = self._clock() - began
        finally:
            await asyncio.gather(*(client.stop() for client in self._clients))
        for url in plan.urls:
            self.history.logs += [await log_of(url, accounts[0], room) for room in self._rooms]
        shown = msgspec.structs.replace(plan, tokens=())  # they are secrets
        return Outcome(shown, self._rooms, seconds, settled, self._figures(), check(self.history))

    def _client(self, number: int, accounts: list[Account]) -> Participant:
        plan = self._plan
        wire = plan.wires[number % len(plan.wires)]
        views = [View(f"client {number}", wire, room) for room in self._rooms]
        self.history.views += views
        silent = number >= plan.senders + plan.readers - plan.silent_readers
        return Participant(number, plan, accounts[number % len(accounts)], views, silent=silent)

    async def _all_ready(self) -> None:
        deadline = self._clock() + self._plan.settle_seconds
        while not all(client.ready for client in self._clients):
            if self._clock() > deadline:
                raise ConnectionLost("Not every client could join its rooms.")
            await asyncio.sleep(_GLANCE_SECONDS)

    async def _load(self) -> None:
        for client in self._clients:
            client.begin()
        drops = asyncio.create_task(self._drop()) if self._plan.drop_every_seconds else None
        try:
            await self._speak()
        finally:
            if drops is not None:
                drops.cancel()
        for client in self._clients:
            client.end()

    async def _speak(self) -> None:
        """Messages at an even pace, however slowly the servers take them."""
        plan = self._plan
        began = self._clock()
        for number in range(round(plan.rate * plan.seconds)):
            due = began + number / plan.rate
            if (early := due - self._clock()) > 0:
                await asyncio.sleep(early)
            sender = self._clients[self._random.randrange(plan.senders)]
            nonce = f"{self._name}-{number}"
            text = f"{nonce} ".ljust(plan.text_bytes, ".")
            said = Said(self._random.choice(self._rooms), sender.account.name, nonce, text, self._clock() - began)
            self.history.said.append(said)
            sender.say(said)

    async def _drop(self) -> None:
        """Until cancelled."""
        every = self._plan.drop_every_seconds
        random = Random(f"{self._plan.seed} drops")  # noqa: S311
        due = [(random.uniform(0.5, 1.5) * every, client) for client in self._clients]
        began = self._clock()
        while True:
            await asyncio.sleep(_GLANCE_SECONDS)
            now = self._clock() - began
            if self._plan.together:
                if now > due[0][0]:
                    due = [(now + random.uniform(0.5, 1.5) * every, client) for _, client in due]
                    for _, client in due:
                        client.drop()
                continue
            for place, (at, client) in enumerate(due):
                if now > at:
                    due[place] = (now + random.uniform(0.5, 1.5) * every, client)
                    client.drop()

    async def _settle(self, account: Account) -> bool:
        """Wait for the last acknowledgements, then for every reader to reach the end. False: not in time."""
        deadline = self._clock() + self._plan.settle_seconds
        while any(client.open for client in self._clients):
            if self._clock() > deadline:
                return False
            await asyncio.sleep(_GLANCE_SECONDS)
        heads = {room: await head_of(self._plan.urls, account, room) for room in self._rooms}
        while not all(_reached(view, heads[view.room]) for view in self.history.views):
            if self._clock() > deadline:
                return False
            await asyncio.sleep(_GLANCE_SECONDS)
        return True

    def _figures(self) -> dict[WireName, WireFigures]:
        figures = {wire: WireFigures() for wire in self._plan.wires}
        for client in self._clients:
            one = figures[client.wire]
            one.clients += 1
            one.connections += client.connections
            one.dropped += client.dropped
            one.silence_seconds = max(one.silence_seconds, client.silence_seconds)
        for view in self.history.views:
            figures[WireName(view.wire)].shown += sum(len(stretch.entries) for stretch in view.stretches)
        return figures


def _reached(view: View, head: Seq) -> bool:
    """Whether the reader's last entry is the log's last. Cheap: it is asked often."""
    if not view.stretches:
        return False
    last = view.stretches[-1]
    return (last.entries[-1].seq if last.entries else last.since) >= head
