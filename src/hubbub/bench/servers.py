"""Servers under test: each its own process, started on a free port, ended by its pid."""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_READY = re.compile(rb"(?:127\.0\.0\.1|localhost):(\d+)")
_START_SECONDS = 30.0
_STOP_SECONDS = 20.0


class ServerError(Exception):
    """The server can't be had; one line that says why."""


class Server:
    """A running server. It says where it is by a line with `127.0.0.1:PORT` on standard output.

    Attributes:
        pid: of the process that does the work.
        address: where it listens.
    """

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self._command = command
        self._log = log
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ("127.0.0.1", 0)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log_bytes(self) -> int:
        """How much it has logged."""
        return self._log.stat().st_size

    def __enter__(self) -> Self:
        with self._log.open("wb") as errors:
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=self._environment,
                )
            except OSError as failure:
                raise ServerError(f"can't start {self._command[0]}: {failure.strerror}") from failure
        try:
            self.address = ("127.0.0.1", self._wait_for_port(self._process))
        except ServerError:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_for_port(self, process: subprocess.Popen[bytes]) -> int:
        assert process.stdout is not None
        deadline = time.monotonic() + _START_SECONDS
        said = b""
        while time.monotonic() < deadline:
            if select.select([process.stdout], (), (), 0.2)[0]:
                data = os.read(process.stdout.fileno(), 65536)
                said += data
                if (found := _READY.search(said)) is not None:
                    return int(found[1])
                if not data:
                    raise ServerError(f"it ended at once: {self._last_line()}")
        raise ServerError(f"it did not start within {_START_SECONDS:.0f} s: {self._last_line()}")

    def _last_line(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def stop(self) -> None:
        """End the process, by its pid. Harmless when it has ended."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
