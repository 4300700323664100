"""A room's log on this node: appending, delivering in order, catching up, and who receives it."""
