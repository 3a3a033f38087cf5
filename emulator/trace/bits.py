"""Names of single bits, for whoever speaks of one: DR6, DR7, RFLAGS (SDM 3, chapter 19)."""

from __future__ import annotations

from functools import cache

from emulator.trace.words import dr6_nibbles, dr7_nibbles, rflags_nibbles

#: Registers of which only the low half has bits that mean something.
_HALF = ("dr6", "dr7", "rflags")


@cache
def _names(register: str) -> dict[int, tuple[str, str]]:
    nibbles = {
        "dr6": lambda: dr6_nibbles(0),
        "dr7": lambda: dr7_nibbles(0),
        "rflags": lambda: rflags_nibbles(0),
    }[register]()
    bits = [bit for nibble in nibbles for bit in nibble.bits]
    return {bit.number: (bit.name, bit.words) for bit in bits if not bit.fixed}


def bit_name(register: str, number: int) -> tuple[str, str]:
    """The SDM's short name and what it means: ``G0``, ``global enable of slot 0``; two
    empty texts for a bit without a name."""
    names = _names(register) if register in _HALF else {}
    return names.get(number, ("", ""))


def highest_bit(register: str) -> int:
    """The last bit that one can speak of."""
    return 31 if register in _HALF else 63
