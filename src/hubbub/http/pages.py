"""The browser app: its files, read once, with what caches need to know.

`index.html` is asked for each time (no-cache, ETag); files below `assets/` have a hash in their name and never change.
Any other path that a person may open, such as `/r/general`, gets `index.html`: the app reads the address. Where no
page of the app can have it, the status is 404 and the app says so in words. Whether a room exists no stranger is told.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from http import HTTPStatus
from pathlib import Path
from typing import Final

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

APP: Final = Path(__file__).parent / "app"
"""Where `scripts/serve` and the package build put the app."""

_INDEX: Final = "index.html"
_FOREVER: Final = "public, max-age=31536000, immutable"
_PACKED: Final = (("br", ".br"), ("gzip", ".gz"))
_PLACE: Final = re.compile(r"(r/[a-z0-9][a-z0-9_-]{0,63}/?)?")
"""The addresses of the app: home and the rooms. `web/src/lib/place.ts` reads them."""
_TYPES: Final = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
    ".map": "application/json",
}

NOT_BUILT: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Hubbub</title>
<h1>Hubbub is running</h1>
<p>Its browser app has not been built. In a checkout, <code>scripts/serve</code> builds it and starts the server.</p>
<p>The API is described at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a> and
<a href="/api/v1/asyncapi.json">/api/v1/asyncapi.json</a>.</p>
</html>
"""


class File(Struct, frozen=True):
    """One file. `packed`: the same content by content-coding, smallest first."""

    content: bytes
    etag: str
    media_type: str
    cache: str
    packed: dict[str, bytes]


def read_app(folder: Path) -> dict[str, File]:
    """Every file below `folder` by its path; empty when the app was not built."""
    if not (folder / _INDEX).is_file():
        return {}
    contents = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }
    return {
        name: _file(name, content, contents)
        for name, content in contents.items()
        if not (name.endswith((".br", ".gz")) and name[:-3] in contents)
    }


def _file(name: str, content: bytes, contents: dict[str, bytes]) -> File:
    suffix = Path(name).suffix
    return File(
        content=content,
        etag=hashlib.sha256(content).hexdigest()[:32],
        media_type=_TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream",
        cache=_FOREVER if name.startswith("assets/") else "no-cache",
        packed={coding: contents[name + ending] for coding, ending in _PACKED if name + ending in contents},
    )


class Pages:
    """Answers GET and HEAD for everything that is no API."""

    def __init__(self, folder: Path = APP) -> None:
        self._files = read_app(folder)

    async def __call__(self, request: Request) -> Response:
        if not self._files:
            return Response(NOT_BUILT, media_type="text/html", headers={"cache-control": "no-store"})
        path = request.url.path.removeprefix("/")
        file = self._files.get(path or _INDEX)
        if file is None and _PLACE.fullmatch(path):
            file = self._files[_INDEX]
        if file is not None:
            return _respond(request, file)
        if self._is_view(path, request.headers.get("accept", "")):
            return _represent(request, self._files[_INDEX], HTTPStatus.NOT_FOUND)
        return Response("There is nothing here.\n", HTTPStatus.NOT_FOUND, media_type="text/plain")

    def _is_view(self, path: str, accept: str) -> bool:
        """Whether a path without a file is an address within the app, and not a file that is missing."""
        if path.startswith("assets/"):
            return False
        return "text/html" in accept or "." not in path.rpartition("/")[2]


def _respond(request: Request, file: File) -> Response:
    answer = _represent(request, file, HTTPStatus.OK)
    if answer.headers["etag"] in {
        tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")
    }:
        kept = {name: value for name, value in answer.headers.items() if name not in {"content-length", "content-type"}}
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)
    return answer


def _represent(request: Request, file: File, status: HTTPStatus) -> Response:
    """The file in the best coding that the client accepts."""
    accepted = _codings(request.headers.get("accept-encoding", ""))
    coding = next((coding for coding in file.packed if coding in accepted), None)
    # a weak comparison is enough for If-None-Match (RFC 9110 section 13.1.2); each coding is its own representation
    etag = f'"{file.etag}-{coding}"' if coding else f'"{file.etag}"'
    headers = {"etag": etag, "cache-control": file.cache}
    if file.packed:
        headers["vary"] = "accept-encoding"
    if coding:
        headers["content-encoding"] = coding
    headers["content-type"] = file.media_type
    return Response(file.packed[coding] if coding else file.content, status, headers=headers)


def _codings(header: str) -> set[str]:
    """The content codings that a client accepts (RFC 9110 section 12.5.3); weights other than 0 are all the same."""
    found = set()
    for item in header.lower().split(","):
        coding, _, weight = item.partition(";")
        if weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            found.add(coding.strip())
    return found
