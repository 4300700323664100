"""Hatch's build hook: a wheel or an sdist holds the built browser app.

`HUBBUB_SKIP_APP=1` leaves it out. An editable install takes an app that is there as it is. Node.js comes from PATH or,
where there is none, from a Python package whose hash is in requirements/node.txt. What the build itself requires is
pinned in pyproject.toml; pip compares its hashes, too, when it is told where they are:

    pip install --build-constraint requirements/build.txt .     (pip 25.3 or later)
    pip install --require-hashes -r requirements/build.txt && pip install --no-build-isolation .
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent / "scripts"))
import app


class AppBuildHook(BuildHookInterface[Any]):
    """Builds the app before the files of a wheel or an sdist are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """`version`: "standard" or "editable"."""
        if _skipped() or (version == "editable" and app.exists()):
            return
        if not app.fresh():
            self._build()
        if version != "editable":
            folder = "src/hubbub/http/app" if self.target_name == "sdist" else "hubbub/http/app"
            build_data["force_include"][str(app.APP)] = folder  # git ignores it, so hatchling does not see it

    def _build(self) -> None:
        log = app.new_log()
        try:
            if app.find_node() is None:
                app.install_node(log)
            app.build(log)
        except app.BuildError as error:
            sys.stderr.write(log.read_text(errors="replace"))
            self.app.abort(f"Building the browser app: {error}. HUBBUB_SKIP_APP=1 leaves it out.")


def _skipped() -> bool:
    return os.environ.get("HUBBUB_SKIP_APP") == "1"
