"""`hubbub serve --workers N`: several processes on one port, and one that looks after them."""

from .supervisor import FirstWorkerFailed, Supervisor

__all__ = ["FirstWorkerFailed", "Supervisor"]
