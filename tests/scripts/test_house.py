"""The house rules find what they are there for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import house


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty repository in the place of this one."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / "requirements").mkdir()
    monkeypatch.setattr(house, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.org/simple",
        "-i mirror",
        "--find-links /srv/wheels",
        "thing @ file:///srv/thing.whl",
        "thing @ ../thing",
        "-e /srv/thing",
    ],
)
def test_a_lock_with_an_address_is_found(checkout: Path, line: str) -> None:
    (checkout / "requirements" / "runtime.txt").write_text(f"other==1\n{line}\n")
    assert list(house.locks()) == [f"requirements/runtime.txt:2 holds an address: {line}"]


def test_a_lock_of_names_versions_and_hashes_is_fine(checkout: Path) -> None:
    (checkout / "requirements" / "runtime.txt").write_text(
        "colorama==0.4.6 ; sys_platform == 'win32' \\\n    --hash=sha256:4f1d9991f5acc0ca119f9d443620b77f9d6b\n"
    )
    assert list(house.locks()) == []


def test_an_npm_lock_with_an_address_is_found_but_a_workspace_is_none(checkout: Path) -> None:
    packages = {
        "node_modules/own": {"resolved": "web", "link": True},
        "node_modules/fine": {"version": "1.0.0"},
        "node_modules/bad": {"resolved": "https://example.org/bad.tgz"},
    }
    (checkout / "package-lock.json").write_text(json.dumps({"packages": packages}))
    (offence,) = house.locks()
    assert "node_modules/bad" in offence


def test_a_dependency_without_a_pin_is_found(checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text(
        '[project]\ndependencies = ["One>=1", "two"]\n[dependency-groups]\nbuild = []\nnode = []\n'
        'dev = [{include-group = "build"}, "python-three[extra]>=3"]\n'
    )
    for lock, text in {"runtime": "one==1.2 \\\n", "dev": "one==1\ntwo==2\n", "build": "", "node": ""}.items():
        (checkout / "requirements" / f"{lock}.txt").write_text(text)
    assert list(house.pins()) == [
        "requirements/runtime.txt lacks two: run scripts/lock",
        "requirements/dev.txt lacks python-three: run scripts/lock",
    ]


def test_a_long_file_asks_for_a_reason_and_a_reason_for_a_long_file(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "long.py").write_text("x\n" * 501)
    (checkout / "fits.py").write_text("x\n" * 500)
    (checkout / "data.json").write_text("x\n" * 501)
    monkeypatch.setattr(house, "LONG_FOR_A_REASON", {})
    assert [line.split()[0] for line in house.lengths()] == ["long.py"]
    monkeypatch.setattr(house, "LONG_FOR_A_REASON", {"long.py": "a table", "fits.py": "was long"})
    assert [line.split()[0] for line in house.lengths()] == ["fits.py"]


def test_a_test_folder_needs_an_init(checkout: Path) -> None:
    (checkout / "tests" / "a").mkdir(parents=True)
    (checkout / "tests" / "a" / "test_x.py").write_text("")
    assert list(house.tests()) == ["tests/a has no __init__.py"]


def test_a_page_that_is_named_has_to_be_there(checkout: Path) -> None:
    (checkout / "docs").mkdir()
    (checkout / "docs" / "here.md").write_text("[up](../README.md) [web](https://example.org) [gone](gone.md#part)")
    (checkout / "README.md").write_text("[here](docs/here.md), `docs/here.md`, `src/lost.py`, `src/NAME.py`, `a/b`")
    (checkout / "code.py").write_text('"""See docs/here.md and docs/lost.md."""')
    assert list(house.pages()) == [
        "README.md refers to src/lost.py: not there",
        "code.py refers to docs/lost.md: not there",
        "docs/here.md refers to gone.md: not there",
    ]


def test_an_unknown_rule_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert house.main(["nonsense"]) == 2
    assert "no such rule: nonsense" in capsys.readouterr().err


def test_the_build_takes_what_its_lock_has_the_hashes_of(checkout: Path) -> None:
    (checkout / "requirements" / "build.txt").write_text(
        "one==1.2 \\\n    --hash=sha256:0\ntwo==2 \\\n    --hash=sha256:0\n"
    )
    for required, right in (('"two==2", "one==1.2"', True), ('"one==1.2"', False), ('"one==1.3", "two==2"', False)):
        (checkout / "pyproject.toml").write_text(f"[build-system]\nrequires = [{required}]\n")
        assert (list(house.build_pins()) == []) is right


def test_two_decisions_of_one_number_are_found(checkout: Path) -> None:
    folder = checkout / "docs" / "decisions"
    folder.mkdir(parents=True)
    (folder / "0001-the-house.md").write_text("# 0001: The house\n")
    assert not list(house.decisions())
    (folder / "0001-the-garden.md").write_text("# 0002: The garden\n")
    assert list(house.decisions()) == [
        "docs/decisions/0001-the-garden.md does not begin with '# 0001: '",
        "docs/decisions/0001-the-house.md has the number of 0001-the-garden.md",
    ]
