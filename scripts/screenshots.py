"""Make docs/images/: the browser app on a real server with an invented team, desktop and phone, light and dark.

    python scripts/screenshots.py [FOLDER]

Needs the built app (scripts/serve builds it), Chromium (HUBBUB_CHROMIUM names another one than /usr/bin/chromium) and
the packages of the tests. The pictures look best where the font Inter is installed.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect

from hubbub.app import DATABASE, Application, running
from hubbub.client import Client
from hubbub.config import Config
from hubbub.identity import Identity, SignedIn
from hubbub.store.drafts import creation, joining
from hubbub.store.protocols import Draft, Refused
from hubbub.store.sqlite import SqliteStore
from hubbub.vocabulary import Event, Message, ReactionAdded, RoomId, Seq, UserName

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"  # noqa: S105  of accounts that live for a minute
VIEWER = "ada"
ROOM = RoomId("release")
UNREAD = 2
"""How many messages of the room are new for the viewer."""

TEAM = {
    "ada": "Ada Okafor",
    "jonas": "Jonas Brandt",
    "mei": "Mei Tanaka",
    "sofia": "Sofia Reyes",
    "tom": "Tom Hale",
    "priya": "Priya Nair",
}
ONLINE = ("jonas", "mei", "sofia")
ROOMS = {
    ROOM: ("Release 4.2", "Ship on Thursday. Blockers first."),
    RoomId("kitchen"): ("Kitchen", "Cake, coffee and everything else"),
    RoomId("support"): ("Customer support", "One thread per customer"),
    RoomId("design"): ("Design", "Show early"),
    RoomId("bikes"): ("Bikes", "Sunday, nine o'clock, the bridge"),
}
TALK: dict[str, list[tuple[str, float, str]]] = {
    "release": [
        ("jonas", 1461, "Feature freeze is today at six. What is still open?"),
        ("mei", 1452, "Only the import of old calendars. It works for all but *recurring events with exceptions*."),
        ("mei", 1451, "One of those has 214 exceptions. Somebody moved a weekly meeting, every week, for four years."),
        ("sofia", 1440, "I know exactly who that is."),
        ("ada", 1433, "Let us ship without it and say so in the notes. Better late than wrong."),
        ("jonas", 190, "Morning! The candidate is on staging since eight. Please be mean to it."),
        ("sofia", 176, "Exports look right:\n\n- PDF and CSV: fine, umlauts too\n- iCal: **one hour early** in Lisbon"),
        (
            "mei",
            168,
            "Lisbon is mine. The zone file is too old:\n```\n$ zdump -v Europe/Lisbon | grep 2026 | wc -l\n0\n```",
        ),
        ("ada", 160, "Good catch. Could that be wrong in production, too?"),
        (
            "mei",
            158,
            "No, production has `tzdata 2026a`. Checked with the [zone list](https://www.iana.org/time-zones).",
        ),
        ("jonas", 12, "Load test is through: 40 minutes, 3,000 people, slowest answer 180 ms."),
        ("jonas", 11, "Last week that was 900 ms, by the way."),
        ("sofia", 4, "🎉"),
        ("jonas", 3, "Thursday it is, then. I'll write the notes."),
    ],
    "kitchen": [
        ("tom", 50, "There is banana bread next to the printer."),
        ("priya", 44, "There *was* banana bread next to the printer."),
        ("tom", 43, "Already?"),
        ("priya", 41, "It was very good banana bread."),
    ],
    "support": [("priya", 95, "Ticket 4711 is answered, they are happy."), ("ada", 94, "Thank you!")],
    "design": [("sofia", 1510, "New empty states are in the shared folder."), ("ada", 1500, "Love the chairs.")],
    "bikes": [("ada", 4400, "Rain on Sunday. Same time anyway?"), ("ada", 4390, "Silence is a yes.")],
}
ANSWERS = {("release", 13): 4}
"""Which of a room's messages answers which, by their places in TALK."""
REACTIONS = {
    ("release", 8): [("👀", "mei")],
    ("release", 10): [("🎉", "ada"), ("🎉", "mei"), ("🎉", "sofia"), ("👍🏽", "priya")],
    ("kitchen", 3): [("😂", "tom"), ("😂", "ada")],
}
"""Who reacted to which message."""
PICTURES = {
    "desktop-light": (1360, 850, 1, "light"),
    "desktop-dark": (1360, 850, 1, "dark"),
    "phone-light": (360, 740, 2, "light"),
    "phone-dark": (360, 740, 2, "dark"),
}


async def seed(folder: Path) -> dict[str, SignedIn]:
    """Accounts, rooms and what was said, straight in the store, so that it was said over days."""
    now_ms = int(time.time() * 1000)
    store = SqliteStore(folder / DATABASE)
    await store.open()
    identity = Identity(store, now_ms=lambda: now_ms)
    await identity.open()
    team = {name: await identity.sign_up(name, PASSWORD, title=title, peer=name) for name, title in TEAM.items()}
    begin_ms = now_ms - 6 * 24 * 3_600_000
    for room, (title, topic) in ROOMS.items():
        viewer = team[VIEWER].login
        drafts = creation(room, title, topic, viewer.user_id, viewer.user)
        drafts += [joining(room, one.login.user_id, one.login.user) for one in team.values()]
        await store.events.append(drafts, begin_ms)
        unread = UNREAD if room == ROOM else 3 if room == "kitchen" else 0
        seqs = await talk(store, room, team, now_ms)
        await store.rooms.mark_read(room, viewer.user_id, [*seqs, seqs[-1] + 1][-unread - 1] - 1)
    await identity.close()
    await store.close()
    return team


async def talk(store: SqliteStore, room: RoomId, team: dict[str, SignedIn], now_ms: int) -> list[Seq]:
    """What was said in a room, and what others thought of it: the places of the messages."""
    seqs: list[Seq] = []

    async def add(event: Event, name: str, nonce: str, minutes: float) -> Seq:
        draft = Draft(event, team[name].login.user_id, nonce)
        (outcome,) = await store.events.append([draft], now_ms - int(minutes * 60_000))
        if isinstance(outcome, Refused):
            raise outcome.error()
        return outcome.seq

    for number, (name, minutes, text) in enumerate(TALK[room]):
        answered = ANSWERS.get((room, number))
        reply_to = None if answered is None else seqs[answered]
        message = Message(room, Seq(0), UserName(name), 0, text, reply_to)
        seqs.append(await add(message, name, f"n{number}", minutes))
        for emoji, who in REACTIONS.get((room, number), []):
            reaction = ReactionAdded(room, Seq(0), UserName(who), 0, seqs[-1], emoji)
            await add(reaction, who, f"n{number}{emoji}", minutes)
    return seqs


async def picture(browser: Browser, app: Application, name: str, folder: Path, typist: Client) -> None:
    """One file: the viewer opens the room while somebody types."""
    width, height, scale, scheme = PICTURES[name]
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = await context.new_page()
    await sign_in(page, app.url)
    if width > 1000:
        await expect(page.locator(".people:not(.people-away) .person")).to_have_count(1 + len(ONLINE))
    await expect(page.locator(".row-message").last).to_be_visible()
    await page.mouse.move(0, 0)
    typist.typing(ROOM)
    await expect(page.locator(".typing")).to_contain_text("typing")
    await page.screenshot(path=folder / f"{name}.png")
    await context.close()


async def sign_in(page: Page, url: str) -> None:
    await page.goto(f"{url}/r/{ROOM}")
    await page.get_by_label("User name").fill(VIEWER)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.locator("[data-testid=state-line]:visible").first).to_contain_text("Connected")


async def one(browser: Browser, name: str, folder: Path) -> None:
    """Each picture has a server of its own: what the viewer reads is read."""
    async with AsyncExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        team = await seed(data)
        app = await stack.enter_async_context(running(Config(port=0, data=str(data), shutdown_grace_seconds=0.0)))
        clients = {}
        for person in ONLINE:
            clients[person] = await stack.enter_async_context(Client(app.url, team[person].token))
            for room in ROOMS:
                await clients[person].join(room)
        await picture(browser, app, name, folder, clients["mei"])


async def main(folder: Path) -> None:
    """Make all pictures, one after the other."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=os.environ.get("HUBBUB_CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
        )
        for name in PICTURES:
            await one(browser, name, folder)
        await browser.close()


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target))
