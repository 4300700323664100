"""Files that are made from the source are up to date."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest


def _load() -> Any:
    """The script as a module: scripts/ is no package."""
    spec = spec_from_file_location("generate", Path(__file__).parent.parent / "scripts" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = _load()


def test_no_generated_file_is_stale() -> None:
    assert generate.stale(generate.ROOT) == [], "run scripts/generate.py"


def test_a_missing_or_changed_file_is_stale_until_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "TARGETS", [("a/one.txt", lambda: "1\n"), ("two.txt", lambda: "2\n")])
    assert generate.main(["--check"], tmp_path) == 1
    assert generate.main([], tmp_path) == 0
    assert (tmp_path / "a" / "one.txt").read_text() == "1\n"
    assert generate.main(["--check"], tmp_path) == 0
    (tmp_path / "two.txt").write_text("old\n")
    capsys.readouterr()
    assert generate.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().out == "stale: two.txt (run scripts/generate.py)\n"
    assert generate.main([], tmp_path) == 0
    assert capsys.readouterr().out == "wrote two.txt\n"


def test_anything_else_is_no_argument(tmp_path: Path) -> None:
    assert generate.main(["--help"], tmp_path) == 2
    assert list(tmp_path.iterdir()) == []
