"""Kernel variants: named sets of switches of the kernel model, kept as data in table.toml.

No code asks for a variant's name; the model reads :class:`Switches` only.
"""

from emulator.variants.meanings import SwitchMeaning, switch_meanings
from emulator.variants.switches import (
    CallbackOfKgdb,
    DebugState,
    Dr7Exit,
    Dr7OuterSave,
    KgdbProgram,
    KgdbTypes,
    RcRule,
    Reserve,
    RestoreDr6,
    RfBy,
    Switches,
)
from emulator.variants.table import (
    DEFAULT_VARIANT,
    Certainty,
    SwitchValue,
    Variant,
    switch_names,
    switches,
    variant_ids,
    variant_named,
    variants,
)

__all__ = [
    "DEFAULT_VARIANT",
    "CallbackOfKgdb",
    "Certainty",
    "DebugState",
    "Dr7Exit",
    "Dr7OuterSave",
    "KgdbProgram",
    "KgdbTypes",
    "RcRule",
    "Reserve",
    "RestoreDr6",
    "RfBy",
    "SwitchMeaning",
    "SwitchValue",
    "Switches",
    "Variant",
    "switch_meanings",
    "switch_names",
    "switches",
    "variant_ids",
    "variant_named",
    "variants",
]
