"""Add up the JUnit files of several pytest runs: the one line that a run of scripts/test ends with."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ET
from pathlib import Path


def main(files: list[str]) -> int:
    """Print the line; exit code 1 when a test failed, none ran, or a run left no results."""
    total = {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
    missing = [file for file in files if not Path(file).exists()]
    for file in missing:
        sys.stderr.write(f"{file}: there are no results of this run\n")
    for file in sorted(set(files) - set(missing)):
        for suite in ET.parse(file).getroot().iter("testsuite"):  # noqa: S314  pytest wrote it a moment ago
            for key in total:
                total[key] += int(suite.get(key, "0"))
    failed = total["failures"] + total["errors"]
    passed = max(total["tests"] - failed - total["skipped"], 0)
    sys.stdout.write(f"{passed} passed, {failed} failed, {total['skipped']} skipped\n")
    return 1 if failed or missing or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
