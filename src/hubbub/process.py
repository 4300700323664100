"""What a server changes in its process: open files, garbage collection. Nothing of it belongs into a library."""

from __future__ import annotations

import gc
import resource
from typing import Final

OPEN_FILES: Final = 1_048_576
"""Enough for a million connections, if the system allows it."""

_YOUNG: Final = 50_000


def allow_open_files(wanted: int = OPEN_FILES) -> int:
    """Raise the soft limit of open files, one per connection, as far as the hard limit allows. The limit now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft


def settle_garbage() -> None:
    """Call once everything is loaded: what is alive now stays for ever, so the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 100)
