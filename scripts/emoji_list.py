"""Write src/hubbub/chat/emoji.txt: every emoji that a reaction may be, one a line (Unicode TR 51, "fully-qualified").

    .venv/bin/python -m pip install --target /tmp/emoji emoji
    PYTHONPATH=/tmp/emoji .venv/bin/python scripts/emoji_list.py

The package's table is Unicode's emoji-test.txt: all sequences that are recommended for general interchange, those with
skin tones, flags and keycaps included.
"""

from __future__ import annotations

import importlib
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src/hubbub/chat/emoji.txt"


def main() -> None:
    package = importlib.import_module("emoji")
    whole = package.STATUS["fully_qualified"]
    found = sorted(emoji for emoji, about in package.EMOJI_DATA.items() if about["status"] == whole)
    TARGET.write_text("\n".join(found) + "\n", encoding="utf-8")
    newest = max(about["E"] for about in package.EMOJI_DATA.values())
    print(f"{TARGET.name}: {len(found)} emoji of Unicode {newest}")


if __name__ == "__main__":
    main()
