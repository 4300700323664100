"""Running a server: its process, the port it listens on, its start and end, and several workers on one port."""
