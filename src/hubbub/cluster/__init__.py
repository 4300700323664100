"""Several nodes as one server: who is there, and who answers for a connection that another node holds."""

from .address import InternalListenerError
from .cluster_node import ClusterNode, ClusterSettings
from .metrics import ClusterCollector
from .node_secret import NodeSecret
from .nodes import Nodes
from .observed_bus import Canary, ObservedBus

__all__ = [
    "Canary",
    "ClusterCollector",
    "ClusterNode",
    "ClusterSettings",
    "InternalListenerError",
    "NodeSecret",
    "Nodes",
    "ObservedBus",
]
