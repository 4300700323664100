"""The logins that `hubbub login` keeps for `hubbub tail` and `hubbub send`, in one file that only its owner reads."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from msgspec import Struct


class SavedLogin(Struct, frozen=True):
    """A token for the server at `url`."""

    url: str
    name: str
    token: str


class LoginsError(Exception):
    """The file can't be read or written; one line for the person at the terminal."""


class Logins:
    """The logins in a file, the newest last; one for each server."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def find(self, url: str | None) -> SavedLogin | None:
        """The login for this server; without `url` the one that was saved last.

        Raises:
            LoginsError: the file is damaged or can't be read.
        """
        return next((login for login in reversed(self._read()) if url is None or login.url == _same(url)), None)

    def save(self, url: str, name: str, token: str) -> None:
        """Keep this login instead of the server's earlier one.

        The file is created with mode 0600 and replaced in one step.

        Raises:
            LoginsError: it can't be written.
        """
        url = _same(url)
        logins = [login for login in self._read() if login.url != url]
        logins.append(SavedLogin(url, name, token))
        fresh = self._file.with_name(self._file.name + ".new")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.unlink(missing_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as out:  # noqa: PTH123  a descriptor
                out.write(msgspec.json.format(msgspec.json.encode(logins)) + b"\n")
            fresh.replace(self._file)
        except OSError as failure:
            raise LoginsError(f"can't save the login in {self._file}: {failure.strerror}") from failure

    def _read(self) -> list[SavedLogin]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=list[SavedLogin])
        except FileNotFoundError:
            return []
        except OSError as failure:
            raise LoginsError(f"can't read {self._file}: {failure.strerror}") from failure
        except msgspec.MsgspecError as failure:
            raise LoginsError(f"{self._file} is damaged; sign in again after removing it") from failure


def _same(url: str) -> str:
    return url.rstrip("/")
