"""The REST API, the descriptions of both interfaces, and the browser app's files."""
