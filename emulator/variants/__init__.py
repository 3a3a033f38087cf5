"""Kernel variants: named sets of switches of the kernel model, kept as data in table.toml.

No code asks for a variant's name; the model reads :class:`Switches` only.
"""

from emulator.variants.switches import (
    CallbackOfKgdb,
    Dr7Exit,
    Dr7OuterSave,
    KgdbProgram,
    RcRule,
    Reserve,
    RfBy,
    Switches,
)
from emulator.variants.table import (
    DEFAULT_VARIANT,
    SwitchValue,
    Variant,
    switch_names,
    switches,
    variant_ids,
    variants,
)

__all__ = [
    "DEFAULT_VARIANT",
    "CallbackOfKgdb",
    "Dr7Exit",
    "Dr7OuterSave",
    "KgdbProgram",
    "RcRule",
    "Reserve",
    "RfBy",
    "SwitchValue",
    "Switches",
    "Variant",
    "switch_names",
    "switches",
    "variant_ids",
    "variants",
]
