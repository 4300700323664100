"""House rules that no other tool checks.

    house.py [RULE]...    check these rules, all of them by default; exit code 1 when one is broken

To add one: a function that yields a line per offence, and a line in `RULES`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 500
LONG_FOR_A_REASON: dict[str, str] = {
    "clients/js/src/vocabulary.ts": "generated, and imported by users as one module",
    "tests/chat/actions/test_joining.py": "joining is one subject, and each of its promises is a short test",
}
"""Files of more than 500 lines, each with the reason why it is not two files."""

SOURCES = {".py", ".ts", ".tsx", ".js", ".mjs", ".css", ".sh", ".c", ".sql"}
ADDRESS = re.compile(r"(https?|file|git|ssh)(\+\w+)?://|(^|[\s=\"'])/[\w.-]+/|[@=]\s*\.{1,2}/")


def tracked() -> list[Path]:
    """The files of the repository, below its root: those git knows, and new ones that it does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout  # noqa: S603
    return sorted({Path(name.decode()) for name in output.split(b"\0") if name and (ROOT / name.decode()).is_file()})


def locks() -> Iterator[str]:
    """A lock names packages, versions and hashes, never where somebody's machine took them from."""
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        for number, line in enumerate(lock.read_text().splitlines(), 1):
            if ADDRESS.search(line) or line.lstrip().startswith(("-i", "-f", "--index", "--extra", "--find")):
                yield f"{lock.relative_to(ROOT)}:{number} holds an address: {line.strip()}"
    for name in tracked():
        if name.name == "package-lock.json":
            for place, package in json.loads((ROOT / name).read_text())["packages"].items():
                if "resolved" in package and not package.get("link"):
                    yield f"{name} holds an address at {place}: npm writes none with this repository's .npmrc"


def build_pins() -> Iterator[str]:
    """What `pip install .` builds with is what the lock has the hashes of, package for package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    text = (ROOT / "requirements" / "build.txt").read_text()
    locked = re.findall(r"^([\w.-]+==[\w.]+)", text, re.MULTILINE)
    if sorted(project["build-system"]["requires"]) != sorted(locked):
        yield f"pyproject.toml: [build-system] requires has to be {locked}, as in requirements/build.txt"


def pins() -> Iterator[str]:
    """Each lock has every package that pyproject.toml asks for. scripts/lock writes them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "runtime": project["project"]["dependencies"],
        "dev": project["project"]["dependencies"] + groups["dev"],
        "build": groups["build"],
        "node": groups["node"],
    }
    for lock, requirements in wanted.items():
        text = (ROOT / "requirements" / f"{lock}.txt").read_text()
        pinned = set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))
        for requirement in requirements:
            if isinstance(requirement, str):
                package = re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")
                if package not in pinned:
                    yield f"requirements/{lock}.txt lacks {package}: run scripts/lock"


def lengths() -> Iterator[str]:
    """A file of more than 500 lines asks for a reason, and a reason that is no longer needed goes."""
    long = set()
    for name in tracked():
        if name.suffix in SOURCES and (count := len((ROOT / name).read_bytes().splitlines())) > LONGEST:
            long.add(name.as_posix())
            if name.as_posix() not in LONG_FOR_A_REASON:
                yield f"{name} has {count} lines: make it two files, or give the reason in scripts/house.py"
    for listed in sorted(LONG_FOR_A_REASON.keys() - long):
        yield f"{listed} is listed in scripts/house.py as long, and is not"


def tests() -> Iterator[str]:
    """A test folder without __init__.py hides tests of the same name from each other."""
    for name in tracked():
        if name.parts[0] == "tests" and name.suffix == ".py" and not (ROOT / name).with_name("__init__.py").exists():
            yield f"{name.parent} has no __init__.py"


def pages() -> Iterator[str]:
    """A page that the source or another page refers to is there, and so is a file that a page names in backquotes."""
    for name in tracked():
        if name.suffix not in SOURCES | {".md"} or name.is_relative_to("tests/scripts"):  # its pages are invented
            continue
        text = (ROOT / name).read_text(errors="replace")
        named = {page: ROOT / page for page in re.findall(r"(?<![\w/.-])docs/[\w/.-]+\.md\b", text)}
        if name.suffix == ".md":
            targets = re.findall(r"\]\((?!\w+:)([^)#\s]+)", text)
            named |= {target: ROOT / name.parent / target for target in targets}
            places = re.findall(r"`((?:src|tests|scripts|clients|web|docs)/[a-z0-9_./-]+)`", text)
            # a package's own page names its files from its own folder
            folders = {place: ROOT if (ROOT / place).exists() else ROOT / name.parent for place in places}
            named |= {place: folder / place for place, folder in folders.items()}
        yield from (f"{name} refers to {page}: not there" for page, path in sorted(named.items()) if not path.exists())


def decisions() -> Iterator[str]:
    """Each decision record has a number of its own, which its heading repeats."""
    numbers: dict[str, Path] = {}
    for name in tracked():
        if name.is_relative_to("docs/decisions"):
            number = name.name[:4]
            if number in numbers:
                yield f"{name} has the number of {numbers[number].name}"
            numbers[number] = name
            if not (ROOT / name).read_text().startswith(f"# {number}: "):
                yield f"{name} does not begin with '# {number}: '"


RULES: dict[str, Callable[[], Iterator[str]]] = {
    "locks": locks,
    "pins": pins,
    "build pins": build_pins,
    "lengths": lengths,
    "tests": tests,
    "pages": pages,
    "decisions": decisions,
}


def main(names: list[str]) -> int:
    if unknown := set(names) - RULES.keys():
        sys.stderr.write(f"house.py: no such rule: {', '.join(sorted(unknown))}\n")
        return 2
    offences = [line for name in names or RULES for line in RULES[name]()]
    for line in offences:
        sys.stderr.write(f"{line}\n")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
