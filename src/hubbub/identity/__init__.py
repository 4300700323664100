"""Who is who: accounts, passwords, logins. It knows neither HTTP nor chat."""

from .identity import Identity, ServerState, SignedIn
from .limits import IdentityLimits

__all__ = ["Identity", "IdentityLimits", "ServerState", "SignedIn"]
