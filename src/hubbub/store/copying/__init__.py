"""Moves everything from one store into another, with the same keys, positions and times."""

from .copy import Advance, Copied, copy
from .report import reported
from .sides import CopyError, Source, Target, source_at, target_at

__all__ = ["Advance", "Copied", "CopyError", "Source", "Target", "copy", "reported", "source_at", "target_at"]
