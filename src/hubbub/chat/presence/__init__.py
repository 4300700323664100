"""Who is online and who is typing, on this node and on others."""
