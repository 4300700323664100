"""Make .venv and the browser app what this checkout asks for. Standard library only.

    environment.py serve     what `hubbub serve` needs
    environment.py develop   that, and what the tests and checks need

Each step leaves a stamp, a hash of what it was made from, and is left out while that is unchanged; with nothing to do
it takes a fraction of a second. Progress and errors go to standard error, one line each; the tools' own output goes
to build/setup.log.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import app

ROOT = app.ROOT
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = ROOT / "build" / "setup.log"
LOCKS = {"serve": ("runtime", "build"), "develop": ("dev",)}
_STAMPS = VENV / "hubbub-stamps"


class SetupError(Exception):
    """One line for the person at the terminal."""


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def digest(*parts: str | Path) -> str:
    """A hash of texts and of the contents of files."""
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part.encode() if isinstance(part, str) else part.read_bytes()).digest())
    return total.hexdigest()


def stamped(name: str, value: str) -> bool:
    try:
        return (_STAMPS / name).read_text() == value
    except OSError:
        return False


def stamp(name: str, value: str) -> None:
    _STAMPS.mkdir(exist_ok=True)
    (_STAMPS / name).write_text(value)


def run(purpose: str, *command: str | Path) -> None:
    """Run a tool, its output into the log. Raises SetupError with the tool's last line."""
    environment = {**os.environ, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    with LOG.open("a+") as log:
        done = subprocess.run(  # noqa: S603  our own commands
            [str(part) for part in command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        )
    if done.returncode:
        raise SetupError(f"{purpose} failed: {reason(LOG.read_text(errors='replace'))} (all of it: {LOG})")


def reason(output: str) -> str:
    """The line of a tool's output that says most about its failure."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if re.search(r"error: (?!subprocess-|metadata-)", line, re.IGNORECASE)]
    return (errors or lines or ["it said nothing"])[-1]


def make_venv() -> None:
    """Create .venv, or make it anew when it is broken, too old or of another place."""
    value = digest(str(VENV))
    if works(PYTHON) and (stamped("place", value) or not _STAMPS.exists()):
        stamp("place", value)
        return
    base = Path(sys.executable).resolve()
    shutil.rmtree(VENV, ignore_errors=True)
    if not has_module("ensurepip"):
        raise SetupError(
            f"{base} cannot make virtual environments: its module ensurepip is missing. "
            f"On Debian or Ubuntu: apt install python{sys.version_info.major}.{sys.version_info.minor}-venv"
        )
    say("Creating .venv …")
    run("creating .venv", base, "-m", "venv", VENV)
    stamp("place", value)


def works(python: Path) -> bool:
    """Whether this interpreter starts and is new enough."""
    test = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([str(python), "-c", test], capture_output=True, check=False).returncode == 0  # noqa: S603
    except OSError:
        return False


def has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def install_packages(profile: str) -> None:
    """The locked Python packages, then Hubbub itself as an editable install."""
    locks = [ROOT / "requirements" / f"{lock}.txt" for lock in LOCKS[profile]]
    value = digest(str(sys.version_info[:2]), *locks)
    if not stamped(f"packages-{profile}", value):
        say("Installing the Python packages …")
        pip("installing the Python packages", "--require-hashes", *requirements(locks))
        stamp(f"packages-{profile}", value)
    value = digest(ROOT / "pyproject.toml", ROOT / "hatch_build.py")
    if not stamped("hubbub", value):
        os.environ["HUBBUB_SKIP_APP"] = "1"  # build_app does that, with its own stamp
        pip("installing Hubbub", "--no-build-isolation", "--editable", ROOT)
        stamp("hubbub", value)


def requirements(locks: list[Path]) -> Iterator[str | Path]:
    for lock in locks:
        yield from ("--requirement", lock)


def pip(purpose: str, *arguments: str | Path) -> None:
    run(purpose, PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", *arguments)


def build_app(*, packages: bool) -> None:
    """The browser app; with `packages`, node_modules too, even when the app is built."""
    fresh = app.fresh()
    if fresh and not packages:
        return
    if app.find_node() is None:
        lock = ROOT / "requirements" / "node.txt"
        if not stamped("node", digest(lock)):
            say("Installing Node.js, which builds the browser app …")
            pip("installing Node.js", "--require-hashes", "--requirement", lock)
            stamp("node", digest(lock))
    if not fresh:
        say("Building the browser app …")
    run("building the browser app", PYTHON, ROOT / "scripts" / "app.py", *(["--packages"] if packages else []))


@contextmanager
def alone() -> Iterator[None]:
    """One set-up at a time: a second one waits for the first."""
    LOG.parent.mkdir(exist_ok=True)
    with (LOG.parent / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        LOG.write_text("")
        yield


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        say("usage: environment.py serve|develop")
        return 2
    profile = arguments[0]
    try:
        with alone():
            make_venv()
            install_packages(profile)
            build_app(packages=profile == "develop")
    except SetupError as error:
        say(f"hubbub: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
