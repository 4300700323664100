"""One event to many connections: groups, and writing to their sockets."""
