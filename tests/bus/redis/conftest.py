"""A server for the tests of this folder."""

from tests.support.redis import redis, redis_server

__all__ = ["redis", "redis_server"]
