"""How a bus says that it can't be used."""

from __future__ import annotations


class BusError(Exception):
    """The bus can't be opened. The message is one line for the operator, without passwords."""
