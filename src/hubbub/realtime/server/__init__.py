"""Accepting: the first request of a connection, HTTP beside WebSockets on one port, and who gets which path."""
