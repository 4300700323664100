"""How often somebody may try to sign in or to sign up."""

from __future__ import annotations

from msgspec import Struct

from hubbub.errors import TooManyAttempts

from .bucket import Buckets, Rate


class IdentityLimits(Struct, frozen=True):
    """The defaults stop guessing and leave a team behind one address alone. A sign-in that succeeds does not count."""

    sign_ins_per_name: Rate = Rate(burst=10, refill_seconds=10)
    sign_ins_per_peer: Rate = Rate(burst=50, refill_seconds=1)
    sign_ups_per_peer: Rate = Rate(burst=50, refill_seconds=20)


class Attempts:
    """Counts attempts. An empty `peer` means that the address is not known: only the name counts then."""

    def __init__(self, limits: IdentityLimits) -> None:
        self._names = Buckets(limits.sign_ins_per_name)
        self._peers = Buckets(limits.sign_ins_per_peer)
        self._sign_ups = Buckets(limits.sign_ups_per_peer)

    def sign_in(self, name: str, peer: str, now_ms: int) -> None:
        """Raises TooManyAttempts, and then nothing is counted: waiting helps even while others keep trying."""
        if not self._names.has(name, now_ms) or (peer and not self._peers.has(peer, now_ms)):
            raise TooManyAttempts
        self._names.take(name, now_ms)
        if peer:
            self._peers.take(peer, now_ms)

    def succeeded(self, name: str, peer: str, now_ms: int) -> None:
        """The sign-in was right: forget that it was tried."""
        self._names.give_back(name, now_ms)
        if peer:
            self._peers.give_back(peer, now_ms)

    def sign_up(self, peer: str, now_ms: int) -> None:
        """Raises TooManyAttempts."""
        if peer and not self._sign_ups.take(peer, now_ms):
            raise TooManyAttempts
