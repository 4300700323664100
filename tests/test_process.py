"""What a server changes in its process. Tried in processes of their own."""

from __future__ import annotations

import subprocess
import sys


def run(code: str) -> list[str]:
    """The words that a new interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split()


def test_as_many_files_may_be_open_as_the_system_allows() -> None:
    soft, hard = run("""
import resource
from hubbub.process import allow_open_files
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
most = 4096 if hard == resource.RLIM_INFINITY else hard
resource.setrlimit(resource.RLIMIT_NOFILE, (64, most))
print(allow_open_files(), most)
assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == most
""")
    assert soft == hard


def test_a_limit_is_never_lowered() -> None:
    before, after = run("""
import resource
from hubbub.process import allow_open_files
before = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
print(before, allow_open_files(16))
assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == before
""")
    assert before == after


def test_what_is_loaded_is_not_collected_again_and_later_garbage_is() -> None:
    frozen, collected = run("""
import gc
from hubbub.process import settle_garbage
settle_garbage()
cycle = []
cycle.append(cycle)
del cycle
print(gc.get_freeze_count() > 1000, gc.isenabled() and gc.collect() >= 1)
""")
    assert (frozen, collected) == ("True", "True")
