"""Several nodes as one server: who is there, and who answers for a connection that another node holds."""

from .address import DoorError
from .canary import Canary
from .credentials import NodeSecret
from .line import Line
from .member import Member, MemberSettings
from .metrics import ClusterCollector
from .nodes import Nodes

__all__ = [
    "Canary",
    "ClusterCollector",
    "DoorError",
    "Line",
    "Member",
    "MemberSettings",
    "NodeSecret",
    "Nodes",
]
