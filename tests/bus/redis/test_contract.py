"""The Redis bus keeps the contract, over every kind of address."""

from __future__ import annotations

from itertools import count

import pytest

from hubbub.bus.redis import Address, RedisBus
from tests.contracts.bus import MakeBus, SharedBusContract
from tests.support.redis import RedisServer

_namespaces = count(1)


class TestRedis(SharedBusContract):
    @pytest.fixture
    def make_bus(self, redis: RedisServer) -> MakeBus:
        address = Address.parse(f"{redis.url}?namespace=test{next(_namespaces)}")
        return lambda: RedisBus(address)
