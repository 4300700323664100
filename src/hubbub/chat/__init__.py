"""The chat itself: commands become events, for members only (docs/delivery.md)."""

from .access import Actor
from .counters import ChatCounters
from .service import Chat
from .settings import ChatSettings

__all__ = ["Actor", "Chat", "ChatCounters", "ChatSettings"]
