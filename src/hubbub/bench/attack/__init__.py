"""What one client does to all others: attacks on a server of Hubbub, and what ordinary users notice (docs/bench.md)."""
