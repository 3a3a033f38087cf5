"""Which hits somebody wants to hear of: conditions, ignore counts, limits.

They are evaluated where the hit happens and change nothing that the machine does about
it (docs/recipe.md, "Wanted hits").
"""

from emulator.conditions.build import conditions_of
from emulator.conditions.hits import HitConditions, Judgements, key_of, tell
from emulator.conditions.place import CpuAtHit
from emulator.conditions.tally import Judged, Tally

__all__ = [
    "CpuAtHit",
    "HitConditions",
    "Judged",
    "Judgements",
    "Tally",
    "conditions_of",
    "key_of",
    "tell",
]
