"""What a server changes in its process. Tried in processes of their own."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest


def run(code: str) -> list[str]:
    """The words that a new interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split()


def test_as_many_files_may_be_open_as_the_system_allows() -> None:
    soft, hard = run("""
import resource
from hubbub.run.process import allow_open_files
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
from hubbub.run.process import allow_open_files
before = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
print(before, allow_open_files(16))
assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == before
""")
    assert before == after


def test_what_is_loaded_is_not_collected_again_and_later_garbage_is() -> None:
    frozen, collected = run("""
import gc
from hubbub.run.process import settle_garbage
settle_garbage()
cycle = []
cycle.append(cycle)
del cycle
print(gc.get_freeze_count() > 1000, gc.isenabled() and gc.collect() >= 1)
""")
    assert (frozen, collected) == ("True", "True")


BURST = """
import asyncio, os
from hubbub.run.process import give_back_memory

def resident() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

async def main() -> None:
    giving_back = asyncio.ensure_future(give_back_memory(0.01))
    before = resident()
    for burst in range(2):  # the second one begins and ends between two looks
        kept = [bytes(16_000) for _ in range(10_000)]
        peak = resident()
        del kept[::2], kept[: len(kept) - 10]  # what stays is last, so that the heap can't simply end earlier
        async with asyncio.timeout(30):
            while resident() > before + (peak - before) // 2:
                await asyncio.sleep(0.01)
    giving_back.cancel()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="only glibc keeps it so")
def test_memory_of_each_burst_goes_back_to_the_system() -> None:
    subprocess.run([sys.executable, "-c", BURST], check=True, timeout=60)
