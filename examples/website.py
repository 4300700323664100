"""What the examples have in common: their pages beside the real-time server, and the port from the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

PAGES = Path(__file__).parent / "pages"
CLIENT = "socket.io.esm.min.js"
CLIENT_FOLDERS = [
    folder / "node_modules/socket.io-client/dist" for folder in (Path.cwd(), *Path(__file__).resolve().parents)
]


def website(page: str, **options: Any) -> Starlette:
    """An ASGI application: the page at "/", what it loads, and npm's Socket.IO client when it is installed.

    The options are Starlette's, e.g. `lifespan`.
    """

    async def file(request: Request) -> Response:
        name = request.path_params.get("name", page)
        folders = CLIENT_FOLDERS if name == CLIENT else [PAGES]
        found = next((folder / name for folder in folders if (folder / name).is_file()), None)
        return Response("not found", 404) if found is None else FileResponse(found)

    return Starlette(routes=[Route("/", file), Route("/{name}", file)], **options)


def port() -> int:
    """The first argument of the command line, 8000 without one."""
    return int(sys.argv[1]) if len(sys.argv) > 1 else 8000
