"""Several nodes as one server: who is there, and who answers for a connection that another node holds."""

from .address import DoorError
from .canary import Canary
from .cluster_node import Member, MemberSettings
from .metrics import ClusterCollector
from .node_secret import NodeSecret
from .nodes import Nodes
from .observed_bus import Line

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
