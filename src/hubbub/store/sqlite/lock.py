"""One server per database."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from hubbub.errors import DataInUse


class FileLock:
    """An exclusive lock on a file of its own. The kernel releases it when the process ends, however it ends.

    The file stays behind: removing it would let a third process lock a new file of the same name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def acquire(self) -> None:
        """Raises DataInUse when anybody holds it, OSError when the file can't be made."""
        fd = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            raise DataInUse from None
        except BaseException:
            os.close(fd)
            raise
        self._fd = fd

    def release(self) -> None:
        """Does nothing when it is not held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
