"""What Linux knows of a process and of the machine: the bench's instruments."""

from __future__ import annotations

import os
import platform
import resource
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time that all threads of a process have used; exact to 10 ms (proc(5), /proc/PID/stat)."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICKS


def work_ns(pid: int) -> int:
    """Nanoseconds of CPU time of a process's threads that still run, exactly (the kernel's sched-stats)."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # it has just ended
            total += int((thread / "schedstat").read_text().split()[0])
    return total


def busy_seconds() -> float:
    """User, system and stolen time of all processes on all CPUs; waiting is none of it (proc(5), /proc/stat)."""
    user, nice, system, _, _, irq, softirq, steal, *_ = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(map(int, (user, nice, system, irq, softirq, steal))) / _TICKS


def rss_bytes(pid: int) -> int:
    """Resident memory of a process (proc(5), VmRSS)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def raise_descriptor_limit() -> int:
    """Allow this process and its children as many descriptors as the system does. The limit now."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Machine(Struct, frozen=True):
    """Where the figures were measured. They compare within one run only."""

    cpus: int
    model: str
    memory_gib: float
    kernel: str
    python: str
    descriptors: int


def machine() -> Machine:
    return Machine(
        cpus=os.cpu_count() or 1,
        model=_field("/proc/cpuinfo", "model name"),
        memory_gib=round(int(_field("/proc/meminfo", "MemTotal").split()[0] or 0) / 2**20, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        descriptors=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
    )


def _field(file: str, name: str) -> str:
    try:
        for line in Path(file).read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == name:
                return value.strip()
    except OSError:
        pass
    return "0" if file.endswith("meminfo") else "unknown"
