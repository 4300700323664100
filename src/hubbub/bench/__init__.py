"""The load lab: what a connection, a delivery and a durable message cost on this machine (docs/bench.md)."""
