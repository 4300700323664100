"""Moves everything from one store into another, with the same keys, positions and times."""

from .copy import Copied, copy
from .sides import CopyError, Source, Target, source_at, target_at

__all__ = ["Copied", "CopyError", "Source", "Target", "copy", "source_at", "target_at"]
