"""Clients by the protocol they speak: from the bytes of a wire to commands, and from events to its bytes."""
