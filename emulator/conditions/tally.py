"""The hits of one breakpoint: counted, judged, and how many of them were wanted."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.conditions.place import CpuAtHit
from emulator.events import ConditionResult
from emulator.expression import Evaluated, Expression

_HOLDS = Evaluated(1)


@dataclass(frozen=True, slots=True)
class Judged:
    """One hit of one breakpoint. ret: 1, 0 or -errno; remark says why there is none."""

    hits: int
    ret: int
    result: ConditionResult
    remark: str = ""

    @property
    def is_wanted(self) -> bool:
        """Somebody wants to hear of it."""
        return self.result in (ConditionResult.wanted, ConditionResult.last)

    @property
    def is_unique(self) -> bool:
        """More belongs to it than its tree: a remark, or the end of the breakpoint."""
        return bool(self.remark) or self.result is ConditionResult.last


class Tally:
    """Counts go on for as long as the breakpoint is known, disabled or not."""

    def __init__(
        self, condition: Expression | None, ignore: int = 0, limit: int | None = None
    ) -> None:
        """condition: bound to addresses; None always holds. ignore: hits for which it
        holds that are not wanted yet. limit: wanted hits after which it should end."""
        self._condition = condition
        self._ignore = ignore
        self._limit = limit
        self.count = 0
        """Hits."""
        self.wanted = 0
        self._old: int | None = None

    def __str__(self) -> str:
        """What is wanted, as `monitor want` reads it."""
        words = [f"ignore {self._ignore}"] if self._ignore else []
        words += [] if self._limit is None else [f"limit {self._limit}"]
        words += [] if self._condition is None else [f"if {self._condition.text}"]
        return " ".join(words) or "all"

    @property
    def is_spent(self) -> bool:
        """As many hits as were wanted have come."""
        return self._limit is not None and self.wanted >= self._limit

    def judge(self, place: CpuAtHit, value: int | None) -> Judged:
        """A hit. value: the watched bytes, None where nothing is watched."""
        self.count += 1
        found = _HOLDS
        if self._condition is not None:
            place.value, place.old, place.hits = value, self._old, self.count
            found = self._condition.evaluate(place)
        self._old = value
        ret = -found.errno if found.errno else int(found.value != 0)
        return Judged(self.count, ret, self._result(ret), found.remark)

    def _result(self, ret: int) -> ConditionResult:
        if ret <= 0:
            return ConditionResult.unwanted
        if self._ignore:
            self._ignore -= 1
            return ConditionResult.ignored
        self.wanted += 1
        return ConditionResult.last if self.is_spent else ConditionResult.wanted
