"""Write src/hubbub/identity/confusables.json: character → the plainest one that looks like it (Unicode TR 39).

    .venv/bin/python -m pip install --target /tmp/confusables confusable-homoglyphs
    .venv/bin/python scripts/confusables.py /tmp/confusables/confusable_homoglyphs/confusables.json

The package's file is Unicode's confusables.txt as JSON, with each pair in both directions: a character that looks like
others has one entry, the plainest of them, and that one has an entry for each.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src/hubbub/identity/confusables.json"


def table(pairs: dict[str, list[str]]) -> dict[str, str]:
    """What each single character is replaced by."""
    found: dict[str, str] = {}
    for character, alike in pairs.items():
        if len(character) != 1 or len(alike) != 1 or (character.isascii() and not alike[0].isascii()):
            continue
        plain = alike[0]
        mutual = len(pairs.get(plain, ())) == 1  # of two that look like nothing else the first one is the plainer
        if not mutual or len(plain) > 1 or plain < character:
            found[character] = plain.strip("\u200e")
    return {character: "".join(found.get(one, one) for one in plain) for character, plain in sorted(found.items())}


def main() -> None:
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    made = table({character: [entry["c"] for entry in alike] for character, alike in given.items()})
    TARGET.write_text(json.dumps(made, indent=0) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(made)} characters")


if __name__ == "__main__":
    main()
