"""What is recorded of the hits of one block, for expressions asked after the fact."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from emulator.events import EventFlag
from emulator.expression import Column
from emulator.snapshot import WORDS, Moment
from emulator.trace.dtype import Array

#: Snapshots as rows of u64: seq; task, cpu << 32, moment << 40; then WORDS.
_FIRST_WORD = 2
_MOMENT_SHIFT = np.uint64(40)
_BYTE = np.uint64(0xFF)
#: DR7: LENn stands at bit 18 + 4n; 2 means eight bytes (SDM vol. 3, 19.2.4).
_LENGTHS = np.array([1, 2, 8, 4], np.uint64)
_LEN_SHIFT, _PER_SLOT = np.uint64(18), np.uint64(4)


@dataclass(frozen=True)
class RecordedHits:
    """Registers at hit entry, and the watched bytes: no other memory is recorded."""

    words: Array
    """Snapshots at entry, a row per hit; zeros where there is none."""
    has_snapshot: Array
    facts: dict[str, Array]
    """addr, value, slot, flags, cpu, task by hit."""

    def __len__(self) -> int:
        return len(self.has_snapshot)

    def register(self, word: str) -> Column:
        """As the handler finds it."""
        values = self.words[:, _FIRST_WORD + WORDS.index(word)]
        return Column(values, self.has_snapshot)

    def fact(self, name: str) -> Column:
        """value, cpu, task; the others need what was before."""
        if name not in ("value", "cpu", "task"):
            return Column(self._zeros(), np.zeros(len(self), bool))
        values = self.facts[name].astype(np.uint64)
        known = np.ones(len(self), bool)
        return Column(values, self._has_value if name == "value" else known)

    def memory(self, addresses: Array, size: int) -> Column:
        """Known inside the watched range only, as it stood after the access."""
        start = self.facts["addr"].astype(np.uint64)
        length = self._watched_length
        offset = addresses - start  # wraps to something large before the range
        within = (offset < length) & (offset + np.uint64(size) <= length)
        shift = np.where(within, offset * np.uint64(8), np.uint64(0))
        mask = np.uint64((1 << 8 * size) - 1)
        values = self.facts["value"].astype(np.uint64) >> shift & mask
        return Column(values, within & self._has_value & self.has_snapshot)

    @property
    def _watched_length(self) -> Array:
        slot = np.minimum(self.facts["slot"], 3).astype(np.uint64)
        code = self.register("dr7").values >> (_LEN_SHIFT + _PER_SLOT * slot)
        found: Array = _LENGTHS[(code & np.uint64(3)).astype(np.intp)]
        return found

    @property
    def _has_value(self) -> Array:
        found: Array = (self.facts["flags"] & EventFlag.EXECUTE) == 0
        return found

    def _zeros(self) -> Array:
        return np.zeros(len(self), np.uint64)


def recorded_hits(facts: dict[str, Array], snapshots: Array) -> RecordedHits:
    """facts: columns by hit, seq among them. snapshots: rows of u64, in order of seq."""
    seqs = facts["seq"].astype(np.uint64)
    words = np.zeros((len(seqs), _FIRST_WORD + len(WORDS)), np.uint64)
    if not len(snapshots):
        return RecordedHits(words, np.zeros(len(seqs), bool), facts)
    moments = snapshots[:, 1] >> _MOMENT_SHIFT & _BYTE
    entries = snapshots[moments == Moment.hit_entry]
    at = np.searchsorted(entries[:, 0], seqs)
    has = at < len(entries)
    has[has] = entries[at[has], 0] == seqs[has]
    words[has] = entries[at[has]]
    return RecordedHits(words, has, facts)
