"""Who is on the server during an attack: ordinary users, and accounts of the attacker."""

from __future__ import annotations

from hubbub.bench.dialects import Member, user_names
from hubbub.bench.seed import token

LOUNGE = "lounge"
"""Where ordinary users chat. Attackers are no members."""
PIT = "pit"
"""Where attackers are, among themselves."""

USERS = 4
SAME_ADDRESS, NEWCOMER, OWNER = USERS, USERS + 1, USERS + 2
"""Numbers of the ordinary user behind the attacker's address, the one who comes anew each second, and the one whose
name is attacked."""
_ATTACKERS = range(16, 336)

PASSWORD = "correct horse battery"
ATTACKER_ADDRESS = "127.0.0.3"
"""Not 127.0.0.1, which is a trusted proxy's by default."""

NAMES = user_names(_ATTACKERS.stop)
ROOMS = {LOUNGE: range(OWNER + 1), PIT: _ATTACKERS}


def attacker(number: int) -> int:
    """The account of the attacker's connection of this number: each has its own, until they begin anew."""
    return _ATTACKERS[number % len(_ATTACKERS)]


def name(user: int) -> str:
    return NAMES[user]


def ordinary(user: int) -> Member:
    """An ordinary user in the lounge."""
    return Member(user, token(user), (LOUNGE,), sends=True)


def address(user: int) -> str:
    """Where an ordinary user's connections come from: a loopback address of their own, but for one."""
    return ATTACKER_ADDRESS if user == SAME_ADDRESS else f"127.0.0.{10 + user}"
