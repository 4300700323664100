"""The browser app's files: caching, compression, addresses within the app."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from hubbub.http.pages import Pages, read_app

INDEX = b"<!doctype html><title>Hubbub</title>"
SCRIPT = b"export const answer = 42;\n" * 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    app = tmp_path / "app"
    (app / "assets").mkdir(parents=True)
    (app / "index.html").write_bytes(INDEX)
    (app / "assets" / "main-Dk3.js").write_bytes(SCRIPT)
    (app / "assets" / "main-Dk3.js.gz").write_bytes(gzip.compress(SCRIPT))
    (app / "assets" / "main-Dk3.js.br").write_bytes(b"as brotli")
    (app / "assets" / "inter-8a.woff2").write_bytes(b"font")
    (app / "favicon.svg").write_bytes(b"<svg/>")
    (app / "unknown.hubbub").write_bytes(b"?")
    (app / ".fingerprint").write_bytes(b"not for the public")
    (tmp_path / "secret.txt").write_bytes(b"outside")
    return app


@pytest.fixture
async def web(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Route("/{rest:path}", Pages(folder).__call__)])
    transport = httpx.ASGITransport(app=app)
    plain = {"accept-encoding": "identity"}
    async with httpx.AsyncClient(transport=transport, base_url="http://hubbub.example", headers=plain) as client:
        yield client


async def test_the_index_is_asked_for_each_time(web: httpx.AsyncClient) -> None:
    answer = await web.get("/")
    assert answer.content == INDEX
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert (await web.get("/index.html")).content == INDEX


async def test_a_hashed_file_is_kept_for_ever(web: httpx.AsyncClient) -> None:
    answer = await web.get("/assets/main-Dk3.js")
    assert answer.content == SCRIPT
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/favicon.svg", "image/svg+xml"),
        ("/assets/inter-8a.woff2", "font/woff2"),
        ("/unknown.hubbub", "application/octet-stream"),
    ],
)
async def test_a_file_has_its_type(web: httpx.AsyncClient, path: str, kind: str) -> None:
    assert (await web.get(path)).headers["content-type"] == kind


async def test_what_a_browser_has_is_not_sent_again(web: httpx.AsyncClient) -> None:
    etag = (await web.get("/")).headers["etag"]
    for tags in (etag, f"W/{etag}", f'"other", {etag}'):
        answer = await web.get("/", headers={"if-none-match": tags})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
        assert answer.headers["cache-control"] == "no-cache"
    assert (await web.get("/", headers={"if-none-match": '"other"'})).status_code == 200


async def test_the_smallest_form_that_the_client_takes_is_sent(web: httpx.AsyncClient) -> None:
    async def coding(accept: str) -> tuple[str | None, bytes]:
        request = web.build_request("GET", "/assets/main-Dk3.js", headers={"accept-encoding": accept})
        answer = await web.send(request, stream=True)
        content = b"".join([chunk async for chunk in answer.aiter_raw()])
        assert answer.headers["vary"] == "accept-encoding"
        return answer.headers.get("content-encoding"), content

    assert await coding("gzip, deflate, br") == ("br", b"as brotli")
    assert (await coding("GZIP;q=0.5"))[0] == "gzip"
    assert (await coding("gzip, br;q=0"))[0] == "gzip"
    assert await coding("identity") == (None, SCRIPT)


async def test_each_form_has_a_tag_of_its_own(web: httpx.AsyncClient) -> None:
    plain = await web.get("/assets/main-Dk3.js")
    packed = await web.get("/assets/main-Dk3.js", headers={"accept-encoding": "gzip"})
    assert packed.content == SCRIPT
    assert plain.headers["etag"] != packed.headers["etag"]
    headers = {"accept-encoding": "gzip", "if-none-match": plain.headers["etag"]}
    assert (await web.get("/assets/main-Dk3.js", headers=headers)).status_code == 200


@pytest.mark.parametrize("path", ["/", "/r/general", "/r/general/", "/r/%67eneral", "/r/" + "x" * 64])
async def test_an_address_of_the_app_is_the_app(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)
    assert (answer.status_code, answer.content) == (200, INDEX)


@pytest.mark.parametrize(
    "path",
    [
        "/foo",
        "/settings/sessions",
        "/r/",
        "/r/General",
        "/r/caf%C3%A9",
        "/r/a/b",
        "/r/a.b",
        "/r/" + "x" * 65,
        "//",
        "//r/a",
    ],
)
async def test_an_address_that_no_page_has_is_not_found_and_the_app_says_so(web: httpx.AsyncClient, path: str) -> None:
    headers = {"accept": "text/html,*/*"}
    answer = await web.get(httpx.URL("http://hubbub.example").copy_with(raw_path=path.encode()), headers=headers)
    assert (answer.status_code, answer.content) == (404, INDEX)
    # what a client has of the index is no answer to another question
    headers["if-none-match"] = (await web.get("/")).headers["etag"]
    assert (await web.get(answer.request.url, headers=headers)).status_code == 404


async def test_a_program_that_asks_for_a_file_is_not_given_the_app(web: httpx.AsyncClient) -> None:
    answer = await web.get("/u/ada.l", headers={"accept": "*/*"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")


@pytest.mark.parametrize(
    "path",
    [
        "/assets/main-old.js",
        "/assets/old",
        "/missing.css",
        "/.fingerprint",
        "/assets/main-Dk3.js.gz",
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
    ],
)
async def test_a_file_that_is_not_of_the_app_is_not_found(web: httpx.AsyncClient, path: str) -> None:
    answer = await web.get(path)
    assert answer.status_code == 404
    assert b"outside" not in answer.content


async def test_an_app_that_was_not_built_says_how(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    assert read_app(tmp_path) == {}
    app = Starlette(routes=[Route("/{rest:path}", Pages(tmp_path).__call__)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://hubbub.example") as client:
        answer = await client.get("/r/general")
    assert answer.status_code == 200
    assert "scripts/serve" in answer.text
    assert answer.headers["cache-control"] == "no-store"
