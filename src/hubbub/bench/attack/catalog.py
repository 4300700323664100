"""All attacks."""

from __future__ import annotations

from .command_floods import COMMAND_FLOODS
from .crowds import CROWDS
from .frame_floods import FRAME_FLOODS
from .polling_floods import POLLING_FLOODS
from .request_floods import REQUEST_FLOODS

ATTACKS = {attack.key: attack for attack in (*FRAME_FLOODS, *COMMAND_FLOODS, *REQUEST_FLOODS, *POLLING_FLOODS, *CROWDS)}
"""By key."""
