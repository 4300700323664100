"""What scripts/serve says when a tool fails."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import environment

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("Looking\nERROR: No matching distribution found for x==1\n", "ERROR: No matching distribution found for x==1"),
        (
            "error: subprocess-exited-with-error\nOSError: No such file\nerror: metadata-generation-failed\nhint\n",
            "OSError: No such file",
        ),
        ("one\n\ntwo\n", "two"),
        ("", "it said nothing"),
    ],
)
def test_the_line_that_says_most_is_shown(output: str, line: str) -> None:
    assert environment.reason(output) == line


def test_without_a_python_one_line_says_so(tmp_path: Path) -> None:
    """scripts/serve in a checkout without .venv, on a machine without Python."""
    (tmp_path / "scripts").mkdir()
    for name in ("serve", "library.sh"):
        (tmp_path / "scripts" / name).write_bytes((ROOT / "scripts" / name).read_bytes())
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("/usr/bin/env", "/bin/bash", "/usr/bin/dirname"):
        (programs / Path(program).name).symlink_to(program)
    done = subprocess.run(
        ["/bin/bash", tmp_path / "scripts" / "serve"],
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "hubbub: needs Python 3.11, 3.12, 3.13 or 3.14; none of them is on PATH\n"
