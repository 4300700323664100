#!/usr/bin/env python
"""Write the files that are made from the source, or with `--check` say which of them are stale (exit code 1).

To add one: a function without arguments that returns the text, and a line in `TARGETS`.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from hubbub.chat.access import MAY
from hubbub.config import configuration_page
from hubbub.http.openapi import openapi_document
from hubbub.vocabulary.describe.asyncapi import asyncapi_document
from hubbub.vocabulary.describe.reference import fill, tables
from hubbub.vocabulary.describe.schema import json_schema_document
from hubbub.vocabulary.describe.typescript import typescript_module
from hubbub.vocabulary.keys import FIELD_KEYS, TYPE_KEYS

ROOT = Path(__file__).resolve().parent.parent
VERSION: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def as_json(document: dict[str, object]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def keys_module() -> str:
    """The numbers of the compact wire, for the TypeScript client."""
    head = "// Written by scripts/generate.py from src/hubbub/vocabulary. Declare a number there, then run it again."
    parts = [head]
    for name, keys in (("FIELD_KEYS", FIELD_KEYS), ("TYPE_KEYS", TYPE_KEYS)):
        lines = "".join(f"  {key}: {number},\n" for key, number in keys.items())
        parts.append(f"export const {name}: Readonly<Record<string, number>> = {{\n{lines}}};")
    return "\n\n".join(parts) + "\n"


def protocol_page() -> str:
    """The page as it is, with its tables as they have to be."""
    return fill((ROOT / "docs" / "protocol.md").read_text(encoding="utf-8"), tables(MAY))


TARGETS: list[tuple[str, Callable[[], str]]] = [
    ("docs/configuration.md", configuration_page),
    ("docs/protocol.md", protocol_page),
    ("docs/openapi.json", lambda: as_json(openapi_document(VERSION))),
    ("docs/asyncapi.json", lambda: as_json(asyncapi_document(VERSION))),
    ("docs/schema.json", lambda: as_json(json_schema_document(VERSION))),
    ("clients/js/src/vocabulary.ts", typescript_module),
    ("clients/js/src/keys.ts", keys_module),
]
"""(path below the repository's root, what makes its text)."""


def stale(root: Path) -> list[str]:
    """The paths whose file is missing or differs from what would be written now."""
    found = []
    for path, make in TARGETS:
        file = root / path
        if not file.exists() or file.read_text(encoding="utf-8") != make():
            found.append(path)
    return found


def write(root: Path) -> list[str]:
    """Write what is stale; the paths written."""
    made = dict(TARGETS)
    written = stale(root)
    for path in written:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(made[path](), encoding="utf-8")
    return written


def main(arguments: list[str], root: Path = ROOT) -> int:
    if arguments == ["--check"]:
        for path in (paths := stale(root)):
            sys.stdout.write(f"stale: {path} (run scripts/generate.py)\n")
        return 1 if paths else 0
    if arguments:
        sys.stderr.write("usage: scripts/generate.py [--check]\n")
        return 2
    for path in write(root):
        sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
