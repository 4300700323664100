"""Checks the promises of docs/delivery.md from outside, on running servers: `hubbub verify-delivery`."""

from .checker import check
from .history import Entry, History, Log, Said, Stretch, View
from .plan import Plan, WireName
from .run import Outcome, Run
from .verdict import Fault, Finding, Verdict

__all__ = [
    "Entry",
    "Fault",
    "Finding",
    "History",
    "Log",
    "Outcome",
    "Plan",
    "Run",
    "Said",
    "Stretch",
    "Verdict",
    "View",
    "WireName",
    "check",
]
