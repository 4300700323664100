"""Carries committed events and signals between nodes (docs/architecture.md)."""

from .local import LocalBus
from .protocols import Bus, Receiver

__all__ = ["Bus", "LocalBus", "Receiver"]
