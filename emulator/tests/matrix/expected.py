"""The outcomes that were worked out on paper, release by release, before any of this ran.

Source: the table of expected outcomes in the project's model of the kernels (7.z), whose
cells are counts and remarks; the words here are those of the decisions (D14). Rows g and h
were recorded on real kernels since.
"""

from __future__ import annotations

VARIANTS = [
    "a",
    "b-real",
    "b-zero",
    "c",
    "d1",
    "d2",
    "d3-35",
    "d3-36",
    "d4",
    "e",
    "f",
    "g-bare",
    "g-hv",
    "h-bare",
    "h-hv",
]

#: f stands on d4's base and is delivered as d4 is.
_TABLE = {
    "W1": "stops:1 stops:1 lost stops:1 stops:1 lost stops:1 stops:1 stops:1 stops:1"
    " stops:1 stops:1 stops:1 lost lost",
    "W2": "stops:1 restops livelock restops restops livelock restops stops:1 stops:1"
    " stops:1 stops:1 stops:1 stops:1 stops:0 stops:0",
    "W3": "stops:1 stops:1 stops:1 stops:1 stops:1 stops:1 stops:2 stops:2 stops:1"
    " stops:2 stops:1 stops:1 stops:1 stops:1 stops:1",
    "W4": "na na na count:1 count:1 count:1 count:1 count:1 count:1 count:1 count:1"
    " count:1 count:1 count:1 count:1",
    "W5": "extra:0 extra:0 na extra:1 extra:0 na extra:0 extra:0 extra:0 extra:0"
    " extra:0 extra:0 extra:0 na na",
    "W6": "ok ok na ok ok na stale stale ok ok ok stale stale na na",
    "W7": "ok ok ok ok ok ok ok ok ok ok ok stale stale stale stale",
    "W8": "na yes yes no yes no no no no yes no no no no no",
    "W9": " ".join(["ok"] * 15),
    "W10": "no no no yes yes yes yes yes yes yes yes yes yes yes yes",
}

EXPECTED = {
    (row, variant): word
    for row, words in _TABLE.items()
    for variant, word in zip(VARIANTS, words.split(), strict=True)
}

#: The table has "-" here, because the stop at the hit never comes. The row asks at the
#: second stop, whatever brought it, as the recording of h did: there it is an int3, and
#: CPUs that were rounded up come out with what is wanted on these kernels.
SECOND_STOP_IS_INT3 = {("W7", "b-zero"), ("W7", "d2")}
