"""Time that moves only when a test says so."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from itertools import count


class Alarm:
    """A function to call at a time."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """Seconds since the start of the test, Unix milliseconds, and a scheduler for both."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._numbers = count()

    def seconds(self) -> float:
        return self.now

    def ms(self) -> int:
        return 1_790_000_000_000 + int(self.now * 1000)

    def call_later(self, delay: float, call: Callable[[], None]) -> Alarm:
        alarm = Alarm(call)
        heapq.heappush(self._alarms, (self.now + delay, next(self._numbers), alarm))
        return alarm

    def advance(self, seconds: float) -> None:
        """Move on, calling what becomes due in its order."""
        end = self.now + seconds
        while self._alarms and self._alarms[0][0] <= end:
            self.now, _, alarm = heapq.heappop(self._alarms)
            if not alarm.cancelled:
                alarm.call()
        self.now = end

    def stall(self, seconds: float) -> None:
        """Nothing runs for so long, as when the process is stopped; then what became due is called, late."""
        self.now += seconds
        late = []
        while self._alarms and self._alarms[0][0] <= self.now:
            late.append(heapq.heappop(self._alarms)[2])
        for alarm in late:
            if not alarm.cancelled:
                alarm.call()

    @property
    def pending(self) -> int:
        return sum(not alarm.cancelled for _, _, alarm in self._alarms)
