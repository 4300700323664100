"""A server that refuses some commands, as far as a page can tell."""

from __future__ import annotations

import msgspec
from playwright.async_api import Page, WebSocketRoute

from hubbub.errors import HubbubError, RoomForbidden
from hubbub.vocabulary import Command
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS
from hubbub.wire.compact import NativeMessagePack


class Refusals:
    """Answers a page's commands of the given types with an error, until `over`. All else reaches the server."""

    def __init__(self, *types: str, error: HubbubError | None = None) -> None:
        self._numbers = {TYPE_KEYS[one] for one in types}
        self._error = error or RoomForbidden()
        self._wire = NativeMessagePack(Command, FIELD_KEYS, TYPE_KEYS)
        self.over = False

    async def between(self, page: Page) -> None:
        """Stand between the page and the server. Call it before the page is opened."""
        await page.route_web_socket("**/ws", self._connect)

    def _connect(self, page_side: WebSocketRoute) -> None:
        server_side = page_side.connect_to_server()

        def from_page(frame: str | bytes) -> None:
            command = msgspec.msgpack.decode(frame if isinstance(frame, bytes) else frame.encode())
            if not self.over and command[FIELD_KEYS["type"]] in self._numbers:
                page_side.send(self._wire.encode_error(command[FIELD_KEYS["ref"]], self._error))
            else:
                server_side.send(frame)

        page_side.on_message(from_page)
