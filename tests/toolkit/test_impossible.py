"""Names and paths that nobody could ever use are refused at the start, in one line; unusual ones work."""

from __future__ import annotations

import re

import pytest

from hubbub.realtime import EngineServer, GatewaySettings, Server, serving

from .clients import event
from .conftest import Stage


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("/a,b", "without commas"),
        ("a?b", "question marks"),
        ("/a\n", "control characters"),
        ("/" + "a" * 256, "up to 256 characters"),
        (re.compile(r"team \d+"), "a name begins with a slash"),
        (re.compile(r"^(chat)-.*"), "a name begins with a slash"),
        (re.compile(r"/a,\d"), "a comma ends a name"),
        (re.compile(r"/(a)\?x=(\d)"), "question mark"),
    ],
    ids=repr,
)
def test_namespaces_that_no_client_can_say(name: str | re.Pattern[str], message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        Server().of(name)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "pattern", [r"/.*", r"^/team .*$", r".*", r"[/]x", r"(/a|/b)", r"/a[,-]b", "/ a  # verbose", r"(?:/a)?/b", ""]
)
def test_patterns_that_may_match_are_let_through(pattern: str) -> None:
    Server().of(re.compile(pattern, re.VERBOSE if "verbose" in pattern else 0))


@pytest.mark.parametrize(
    ("name", "namespace"),
    [(re.compile("/team .*"), "/team red"), ("/a b.c-ü", "/a b.c-ü"), (re.compile("/.*"), "/" + "n" * 255)],
    ids=repr,
)
async def test_unusual_names_work(
    stage: Stage, kind: str, transport: str, name: str | re.Pattern[str], namespace: str
) -> None:
    here = stage.server.of(name)
    here.on("echo")(lambda socket, value: [socket.namespace.name, value])
    await stage.start()
    client = await stage.connect(kind, transport, namespace)
    assert await client.ask("echo", 1) == [namespace, 1]
    stage.server.of(namespace).emit("news")
    assert await event(client, "news") == ()


@pytest.mark.parametrize("namespace", ["/" + "n" * 300, "/\x01", "/nowhere"], ids=["long", "control", "unknown"])
async def test_a_client_with_another_name_is_refused_and_stays_away(
    stage: Stage, transport: str, namespace: str
) -> None:
    stage.server.of(re.compile("/n[^o].*", re.DOTALL))
    await stage.start()
    client = stage.open("js", transport, namespace)
    assert (await client.reports.next(report="connect_error"))["message"] == "Invalid namespace"
    sound = await stage.connect("js", transport)
    assert len(stage.server.sockets) == 1
    await sound.disconnect()


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/", "no path for anything else"),
        ("", "no path for anything else"),
        ("/ws/", "native wire"),
        ("poll", "native wire"),
        ("/a?b", "question mark"),
        ("/a#b", "number sign"),
        ("/a%20b", "percent-encoding"),
        ("/a\nb", "control characters"),
    ],
)
def test_engine_paths_that_no_request_has(path: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        GatewaySettings(engine_path=path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("path", ["x", "/x", "x/", "/x/", "/deep/er/"])
async def test_engine_paths_with_and_without_slashes(stage: Stage, path: str, transport: str) -> None:
    await stage.start(Server(GatewaySettings(engine_path=path)))
    client = await stage.connect("js", transport, path=f"/{path.strip('/')}/")
    stage.server.emit("news", path)
    assert await event(client, "news") == (path,)


@pytest.mark.parametrize("cookie", ["a b", "a;b", "a=b", "ä", "a\r\nX: y"])
def test_cookies_that_no_browser_keeps(cookie: str) -> None:
    with pytest.raises(ValueError, match="engine_cookie"):
        GatewaySettings(engine_cookie=cookie)


@pytest.mark.parametrize("path", ["echo", "/ws", "/x/", "/x", "/x/y", "/a?b", "/%41", "/a\n"])
def test_raw_paths_that_no_request_has(path: str) -> None:
    server = Server(GatewaySettings(engine_path="/x/"))
    with pytest.raises(ValueError, match="the path"):
        server.raw(path)
    server.raw("/xyz")


async def test_engine_io_by_itself_at_a_path_without_slashes() -> None:
    engine = EngineServer(GatewaySettings(engine_path="engine.io"))
    assert engine.settings.engine_path == "/engine.io/"
    async with serving(engine):
        pass
