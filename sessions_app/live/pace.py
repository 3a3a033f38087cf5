"""Whether it storms: more events than a person's page should be sent one by one."""

from __future__ import annotations

#: So many events a second are sent as records for as long as it takes ...
STEADY = 10_000
#: ... and so many more at once, once in a while.
BURST = 16_384


class Pace:
    """A bucket of events that fills with time. Empty: a storm, until it holds some again."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._at = 0.0
        self.storm = False

    def spend(self, events: int, now: float) -> None:
        """So many came; ``now`` is a monotonic clock in seconds."""
        filled = self._left + (now - self._at) * STEADY
        # Not below one second's worth: a storm ends soon after its last event.
        self._left = max(min(filled, float(BURST)) - events, -float(STEADY))
        self._at = now
        if self._left < 0:
            self.storm = True
        elif self._left > BURST / 2:
            self.storm = False
