"""What `tail` and `send` say of their connection."""

from __future__ import annotations

import pytest

from hubbub.client import ConnectionLost, Obstacle, Phase, Setback, State, TransportName
from hubbub.client.commands import _Reporter

SETBACK = Setback(TransportName.WEBSOCKET, Obstacle.SILENT, ConnectionLost("The server did not answer in time."))


def connected(transport: TransportName, *fallback: Setback) -> State:
    return State(phase=Phase.CONNECTED, transport=transport, fallback=fallback)


def test_a_fallback_is_never_hidden(capsys: pytest.CaptureFixture[str]) -> None:
    report = _Reporter()
    for state in (
        State(phase=Phase.CONNECTING),
        connected(TransportName.SSE, SETBACK),
        connected(TransportName.SSE, SETBACK),
        State(phase=Phase.RECONNECTING, error=ConnectionLost("The connection was closed (1006).")),
        State(phase=Phase.RECONNECTING, error=ConnectionLost("again")),
        connected(TransportName.POLLING),
        connected(TransportName.WEBSOCKET),
    ):
        report(state)
    assert capsys.readouterr().err.splitlines() == [
        "hubbub: connected by Server-Sent Events; websocket: The server did not answer in time.",
        "hubbub: The connection was closed (1006). Reconnecting …",
        "hubbub: connected again",
        "hubbub: connected by long-polling",
        "hubbub: connected by WebSocket now",
    ]


def test_a_websocket_is_nothing_to_talk_about(capsys: pytest.CaptureFixture[str]) -> None:
    report = _Reporter()
    report(connected(TransportName.WEBSOCKET))
    report(State(phase=Phase.CLOSED))
    assert capsys.readouterr().err == ""
