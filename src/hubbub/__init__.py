"""Hubbub: one chat room, every wire."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("hubbub")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
