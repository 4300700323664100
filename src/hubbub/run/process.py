"""What a server changes in its process: open files, garbage collection, its end. None of it belongs into a library."""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import gc
import resource
import warnings
from collections.abc import Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import uvloop

T = TypeVar("T")

OPEN_FILES: Final = 1_048_576
"""Enough for a million connections, if the system allows it."""

YOUNG_OBJECTS: Final = 10_000
"""Net allocations before a collection of the young generation; Python's own choice is 700."""

FREE_BYTES: Final = 8 * 1024 * 1024
"""Memory that may be free in the allocator for later."""


def allow_open_files(wanted: int = OPEN_FILES) -> int:
    """Raise the soft limit of open files, one per connection, as far as the hard limit allows. The limit now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft


def settle_garbage() -> None:
    """Call once everything is loaded: what is alive now stays for ever, so the collector need not look at it again.

    Measured while 9,000 WebSockets connected and joined a room: with Python's thresholds 253 collections took 58 ms,
    one of them 28 ms; frozen and with these 17 took 23 ms, the longest 12 ms. The pauses grow with the connections.
    Sending makes no garbage for the collector either way. A closed connection leaves a small cycle behind, so full
    collections must still happen: these thresholds allow one every million net allocations, about 50,000 connections.

    The interpreter's switch interval stays at 5 ms: at 0.2 and 1 ms, neither the replies' p99 at 2,000 sends/s nor the
    most sends/s became better by more than two runs of the same differed.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 10)


_MALLINFO2_FIELDS: Final = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)


_M_ARENA_MAX: Final = -8
"""glibc's malloc.h."""


def keep_one_heap() -> None:
    """Call before there are threads: all of them allocate from one heap.

    glibc gives each thread its own, whose upper end `malloc_trim` does not give back. After 5 s of messages of 16 KB
    from 20 connections a server kept 49 MB more than before, with one heap 11. Does nothing with other allocators.
    """
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


class _Mallinfo2(ctypes.Structure):
    """What glibc's mallinfo2(3) returns; `fordblks` are the free bytes of all arenas."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _MALLINFO2_FIELDS)


async def give_back_memory(every_seconds: float = 5.0) -> None:
    """For as long as it runs: give back to the system what bursts have left free in the allocator.

    glibc keeps freed memory for later: after a burst of large messages a server kept 160 MB of which it used 10. What
    is free says nothing about when: what was given back counts as free, too, and is used again between two looks. So
    it is done whenever the process has grown.
    Elsewhere, and with other allocators, this returns at once.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.mallinfo2.restype = _Mallinfo2
        libc.malloc_trim.argtypes = [ctypes.c_size_t]
    except (AttributeError, OSError):
        return
    kept = 0  # resident after the last time
    while True:
        await asyncio.sleep(every_seconds)
        resident = _resident_bytes()
        if resident > kept + FREE_BYTES and libc.mallinfo2().fordblks > FREE_BYTES:
            kept = await asyncio.to_thread(_trim, libc)
        else:
            kept = min(kept, resident)


def _trim(libc: ctypes.CDLL) -> int:
    """Give back what is free. The resident bytes that are left."""
    libc.malloc_trim(0)
    return _resident_bytes()


def _resident_bytes() -> int:
    with Path("/proc/self/statm").open() as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run it on an event loop of its own, on which nothing can keep the loop from closing.

    uvloop warns of whatever is still open at its end, and then closes it. With `python -W error` the warning would come
    between: the loop would wait for ever for an end that nobody brings about.
    """
    runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    try:
        return runner.run(main)
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("default", ResourceWarning)
            runner.close()


def end_within(seconds: float) -> None:
    """A process that still runs then writes the tracebacks of all threads to standard error and ends with exit code 1.

    The clock is a thread of faulthandler, in C: its turn comes whatever the event loop does, and whoever has the
    interpreter's lock. May be called in a signal handler.
    """
    with suppress(AttributeError, OSError, ValueError):  # there is no standard error
        faulthandler.dump_traceback_later(seconds, exit=True)
