"""Several nodes' pages of metrics as one."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from hubbub.bus import NodeId
from hubbub.cluster.metrics import merged

PAGE = b"""# HELP open Open connections.
# TYPE open gauge
open{wire="json"} 1.0
open{wire="msgpack"} 2.0
# HELP sends_total Messages.
# TYPE sends_total counter
sends_total 5.0
"""


def test_samples_of_a_family_stand_together_and_say_whose_they_are() -> None:
    page = merged({NodeId("a"): PAGE, NodeId("b"): PAGE}).decode()
    assert page.count("# TYPE open gauge") == page.count("# HELP open") == 1
    families = {family.name: family for family in text_string_to_metric_families(page)}
    seen = [(sample.labels["node"], sample.labels["wire"], sample.value) for sample in families["open"].samples]
    assert seen == [("a", "json", 1.0), ("a", "msgpack", 2.0), ("b", "json", 1.0), ("b", "msgpack", 2.0)]
    assert [(sample.labels, sample.value) for sample in families["sends"].samples] == [
        ({"node": "a"}, 5.0),
        ({"node": "b"}, 5.0),
    ]


def test_a_node_that_did_not_answer_is_missing() -> None:
    assert merged({NodeId("a"): PAGE, NodeId("b"): b""}).count(b'node="b"') == 0
