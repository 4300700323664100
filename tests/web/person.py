"""A person at a browser: what people do in the app and what they see, in their words."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

PASSWORD = "correct horse"


class Person:
    """Acts on one page. Each person has a browser context of their own: no cookie and no storage in common."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.transport = "WebSocket"

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.url + path)

    async def set_up(self, name: str, title: str = "", room: str = "") -> None:
        """Create the first account of a new server, and with `room` its first room."""
        await self.open()
        await expect(self.page.get_by_role("heading", name="Create the administrator account")).to_be_visible()
        await self.page.get_by_label("First room").fill(room)
        await self._fill_account(name, title)

    async def sign_up(self, name: str, title: str = "", path: str = "/") -> None:
        await self.open(path)
        await self.page.get_by_role("button", name="Create an account").click()
        await self._fill_account(name, title)

    async def _fill_account(self, name: str, title: str) -> None:
        await self.page.get_by_label("Your name").fill(title)
        await self.page.get_by_label("User name").fill(name)
        await self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await self.page.get_by_role("button", name="Create account").click()
        await self.is_connected()

    async def sign_in(self, name: str, password: str = PASSWORD) -> None:
        await self.page.get_by_label("User name").fill(name)
        await self.page.get_by_label("Password", exact=True).fill(password)
        await self.page.get_by_role("button", name="Sign in", exact=True).click()

    async def sign_out(self) -> None:
        await self.page.get_by_role("button", name="Account and devices").click()
        await self.page.get_by_role("button", name="Sign out").click()
        await expect(self.page.get_by_role("heading", name="Welcome back")).to_be_visible()

    async def create_room(self, title: str) -> None:
        await self.page.get_by_role("button", name="New room").click()
        dialog = self.page.get_by_role("dialog", name="Create a room")
        await dialog.get_by_label("Name").fill(title)
        await dialog.get_by_role("button", name="Create room").click()
        await expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()

    async def join_by_directory(self, title: str) -> None:
        await self.page.get_by_role("button", name="Browse all rooms").click()
        await self.page.get_by_role("button", name=f"Join {title}").click()
        await expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()

    async def go_to(self, title: str) -> None:
        await self.page.get_by_role("navigation", name="Rooms").get_by_role("link", name=title).click()
        await expect(self.page.get_by_role("heading", name=title, level=1)).to_be_visible()

    async def say(self, text: str) -> None:
        await self.composer.fill(text)
        await self.composer.press("Enter")
        await expect(self.composer).to_have_value("")

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    @property
    def messages(self) -> Locator:
        """The texts of the conversation, pending ones included, oldest first."""
        return self.page.locator(".rows .prose")

    def message(self, text: str) -> Locator:
        """The row of the message with this text in it, once the server has it."""
        return self.page.locator(".row-message[data-key^=m]").filter(has=self.page.locator(".prose", has_text=text))

    async def act(self, text: str, action: str) -> None:
        """Point at a message and choose one of its actions."""
        row = self.message(text)
        await row.hover()
        await row.get_by_role("group", name="Actions for").get_by_role("button", name=action, exact=True).click()

    @property
    def state_line(self) -> Locator:
        return self.page.locator("[data-testid=state-line]:visible")

    def room(self, title: str) -> Locator:
        """The room's entry in the list."""
        return self.page.get_by_role("navigation", name="Rooms").get_by_role("link", name=title)

    async def sees(self, *texts: str) -> None:
        """The conversation is exactly these messages, each delivered."""
        await expect(self.messages).to_have_text(list(texts))
        await expect(self.page.locator(".row-queued, .row-sending, .row-failed")).to_have_count(0)

    async def is_connected(self) -> None:
        await expect(self.state_line.first).to_contain_text(f"Connected by {self.transport}")
