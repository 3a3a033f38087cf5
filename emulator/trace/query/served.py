"""Whom the hits of a block were delivered to, and what broke: a word per hit, for counting."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from emulator.events import EventKind, Invariant
from emulator.trace.dtype import Array
from emulator.trace.query.fields import OWNERS
from emulator.trace.query.nodes import Every, InTree, Within
from emulator.trace.query.rows import Rows

_BROKEN = {
    f"broke {number.name}": InTree(
        Every(
            (
                Within("kind", ((EventKind.INVARIANT, EventKind.INVARIANT),)),
                Within("aux", ((int(number), int(number)),)),
            )
        )
    )
    for number in Invariant
}
#: In the order of the bits.
_WORDS: Mapping[str, InTree] = {**OWNERS, **_BROKEN}
NOBODY = "nobody"


def served(rows: Rows) -> Array:
    """For each hit of the block a set of bits: owners that were served, then invariants
    that broke in its tree."""
    found = np.zeros(len(rows.hit_rows), np.uint64)
    for bit, node in enumerate(_WORDS.values()):
        passed = node.passes(rows)[rows.hit_rows]
        found |= passed.astype(np.uint64) << np.uint64(bit)
    return found


def served_in_words(bits: int) -> str:
    """``perf, kgdb``, ``nobody``, ``perf; broke dr7_matches``."""
    words = [word for bit, word in enumerate(_WORDS) if bits >> bit & 1]
    owners = [word for word in words if word in OWNERS]
    broken = [word for word in words if word not in OWNERS]
    return "; ".join([", ".join(owners) or NOBODY, *broken])
