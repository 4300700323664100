"""The bus over a Redis or Valkey server, a sentinel's master or a cluster (docs/decisions/0008-redis.md)."""

from .address import Address
from .bus import RedisBus

__all__ = ["Address", "RedisBus"]
