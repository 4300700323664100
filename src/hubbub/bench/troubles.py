"""Scenarios of trouble, for Hubbub alone: a storm of reconnections, and a reader that does not read."""

from __future__ import annotations

import http.client
import re
import time

import msgspec

from .board import GeneratorError
from .contestants import Contestant
from .dialects import Member, user_names
from .lab import Lab
from .load import Load
from .machine import cpu_seconds, rss_bytes
from .plan import Deaf, Idle, Open, Plan
from .results import SlowReader, Storm, percentile_ms
from .seed import token
from .servers import Server

_CROWD, _OTHERS = "crowd", "others"
_STORM_RATE = 50.0  # messages a second in the others' room
_STORM_AT_ONCE = 1_000
_BUSY_RATE = 1_000.0
_BUSY_BYTES = 1_000  # so that the kernel's buffers are full soon
_READERS = 5
_SMALL_BUFFER = 4_096


def storm(lab: Lab, contestant: Contestant) -> Storm:
    """Kill a process with many connections, and let another one bring all of them back. Raises LabError's.

    Each joins with the cursor 1 a room whose log has two entries, so each gets one entry anew.
    """
    scale = lab.scale
    lab.progress(f"storm of {scale.storm_connections:,} connections: {contestant.title}")
    count, others = scale.storm_connections, scale.storm_others
    crowd = [Member(number, token(number), (_CROWD,), sends=False, since=1) for number in range(count)]
    chatting = [
        Member(number, token(number), (_OTHERS,), sends=number < count + 5) for number in range(count, count + others)
    ]
    rooms = {_CROWD: range(count), _OTHERS: range(count, count + others)}
    with lab.server(contestant, user_names(count + others), rooms) as server:
        first = _spread(lab.plans(server, contestant, crowd, Idle(), generators=1))
        calm = [
            msgspec.structs.replace(plan, sample=1, source=plan.source + 100)
            for plan in lab.plans(server, contestant, chatting, Open(_STORM_RATE), generators=1)
        ]
        second = [msgspec.structs.replace(plan, source=plan.source + 50) for plan in first]
        with Load(first) as before, Load(calm) as meanwhile, Load(second, held=True) as after:
            before.connect()
            meanwhile.connect()
            after.wait_until_started()
            meanwhile.run()
            meanwhile.watch(scale.warm_up_seconds)
            meanwhile.run(record=True)
            cpu, begun = cpu_seconds(server.pid), time.monotonic()
            before.kill()
            after.connect()
            took, used = time.monotonic() - begun, cpu_seconds(server.pid) - cpu
            meanwhile.run()
            tally = meanwhile.finish()
            after.finish()
    if not tally.deliveries:
        raise GeneratorError("nothing was delivered to the others")
    return Storm(
        connections=count,
        resumed_seconds=took,
        resumed_per_cpu_second=count / max(used, 0.01),
        others=others,
        others_deliveries=len(tally.deliveries),
        others_p50_ms=percentile_ms(tally.deliveries, 0.5),
        others_p99_ms=percentile_ms(tally.deliveries, 0.99),
        others_late_p99_ms=percentile_ms(tally.late, 0.99),
    )


def _spread(plans: list[Plan]) -> list[Plan]:
    return [msgspec.structs.replace(plan, at_once=_STORM_AT_ONCE) for plan in plans]


def slow_reader(lab: Lab, contestant: Contestant) -> SlowReader:
    """Watch the server's memory while all read, and while one does not. Raises LabError's."""
    members = [Member(number, token(number), (_CROWD,), sends=number == 0) for number in range(_READERS)]
    reader = Member(_READERS, token(_READERS), (_CROWD,), sends=False)
    scale = lab.scale
    seconds = scale.stalled_seconds
    lab.progress(f"a reader that does not read: {contestant.title}")
    with lab.server(contestant, user_names(_READERS + 1), {_CROWD: range(_READERS + 1)}) as server:
        busy, deaf = (
            [
                msgspec.structs.replace(plan, text_bytes=_BUSY_BYTES, source=plan.source + away, receive_bytes=kernel)
                for plan in lab.plans(server, contestant, chosen, pace, generators=1)
            ]
            for chosen, pace, away, kernel in (
                (members, Open(_BUSY_RATE), 0, 0),
                ([reader], Deaf(), 100, _SMALL_BUFFER),
            )
        )
        with Load(busy) as talk, Load(deaf) as stopped:
            talk.connect()
            stopped.connect()
            talk.measure(server.pid, scale.warm_up_seconds, seconds)
            read = rss_bytes(server.pid)
            talk.measure(server.pid, 0, seconds)
            whole = rss_bytes(server.pid)
            stopped.run()
            window = talk.measure(server.pid, 0, seconds)
            unread = rss_bytes(server.pid)
            lagging = _lagging(server)
            talk.finish()
            stopped.finish()
    if not window.sent:
        raise GeneratorError("nothing was sent")
    return SlowReader(
        messages_per_second=window.replies / window.seconds,
        seconds=seconds,
        grown_before_bytes=whole - read,
        grown_bytes=unread - whole,
        unread_bytes=int(window.replies * window.bytes_per_delivery),
        lagging=lagging,
    )


def _lagging(server: Server) -> int:
    """How often the server has set a connection aside because it did not read."""
    connection = http.client.HTTPConnection(*server.address, timeout=10)
    try:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    found = re.search(r"^hubbub_chat_lagging_total ([\d.e+]+)$", text, re.MULTILINE)
    return int(float(found[1])) if found else 0
