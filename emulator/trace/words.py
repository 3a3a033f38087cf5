"""DR6, DR7 and RFLAGS in words, bit by bit (SDM volume 3, chapter 19; volume 1, 3.4.3).

Pure functions over values; what a register held comes from a snapshot. The names of
bits are the SDM's short ones, because a strip of 32 columns has no room for others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_CONDITIONS = ("execute", "write", "I/O", "read or write")
_LENGTHS = (1, 2, 8, 4)
#: R/W fields of data breakpoints.
_WRITES, _ACCESSES = 1, 3
_ENABLES = ("", "local", "global", "local and global")

_DR7_LOW = {
    8: ("LE", "exact, local (ignored since 486)"),
    9: ("GE", "exact, global (ignored since 486)"),
    10: ("1", "always 1"),
    11: ("RT", "RTM debug"),
    12: ("·", "reserved, 0"),
    13: ("GD", "general detect"),
    14: ("·", "reserved, 0"),
    15: ("·", "reserved, 0"),
}
_DR6 = {
    0: ("B0", "slot 0 matched"),
    1: ("B1", "slot 1 matched"),
    2: ("B2", "slot 2 matched"),
    3: ("B3", "slot 3 matched"),
    11: ("BL", "bus lock, active low"),
    13: ("BD", "debug register access"),
    14: ("BS", "single step"),
    15: ("BT", "task switch"),
    16: ("RT", "RTM, active low"),
}
_RFLAGS = {
    0: ("CF", "carry"),
    1: ("1", "always 1"),
    2: ("PF", "parity even"),
    4: ("AF", "auxiliary carry"),
    6: ("ZF", "zero"),
    7: ("SF", "sign"),
    8: ("TF", "trap after each instruction"),
    9: ("IF", "interrupts enabled"),
    10: ("DF", "strings go downwards"),
    11: ("OF", "overflow"),
    12: ("IO", "I/O privilege level, low bit"),
    13: ("PL", "I/O privilege level, high bit"),
    14: ("NT", "nested task"),
    16: ("RF", "resume: execute breakpoints are ignored once"),
    17: ("VM", "virtual-8086"),
    18: ("AC", "alignment check"),
    19: ("VI", "virtual interrupt"),
    20: ("VP", "virtual interrupt pending"),
    21: ("ID", "CPUID usable"),
}
_DR7_FIXED = frozenset({10, 12, 14, 15})
#: Bits whose difference from the shadow means nothing: bit 10 reads as 1 on hardware
#: and the kernel never stores it in cpu_dr7.
_DR7_ALIKE = frozenset({10})
#: The bits of DR7 in which hardware and shadow must agree.
DR7_COMPARED = 0xFFFFFFFF & ~sum(1 << n for n in _DR7_ALIKE)


@dataclass(frozen=True, slots=True)
class Bit:
    """One bit of a register: its value in hardware and, where there is one, in the shadow."""

    number: int
    name: str
    words: str
    hardware: int
    shadow: int | None = None
    slot: int | None = None
    fixed: bool = False
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Nibble:
    """Four bits with the heading that stands over them."""

    title: str
    slot: int | None
    hardware: str
    shadow: str | None
    differs: bool
    bits: tuple[Bit, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table in words; kernel is None where no shadow exists."""

    field: str
    slot: int | None
    hardware: str
    kernel: str | None
    differs: bool


def breakinfo_dr7(meta: int) -> int:
    """The DR7 that kgdb's table asks for, from a snapshot's ``breakinfo_meta``: 16 bits
    for each entry, its length and type as DR7 has them, and bit 8 for enabled."""
    dr7 = 0
    for index in range(4):
        entry = meta >> 16 * index & 0xFFFF
        if entry >> 8 & 1:
            control = entry >> 4 & 3 | entry & 0xC
            dr7 |= control << 16 + 4 * index | 2 << 2 * index
    return dr7


def slot_in_words(dr7: int, slot: int) -> str:
    """What DR7 makes a slot do: ``write, 4 bytes, global`` or ``off``."""
    enable = dr7 >> (2 * slot) & 3
    if not enable:
        return "off"
    field = dr7 >> (16 + 4 * slot) & 15
    condition, length = _CONDITIONS[field & 3], _LENGTHS[field >> 2]
    if field & 3 == 0:
        size = "" if length == 1 else f", length field {length}"
    else:
        size = f", {length} byte{'s' if length > 1 else ''}"
    return f"{condition}{size}, {_ENABLES[enable]}"


def slot_enabled(dr7: int, slot: int) -> bool:
    """Whether either enable bit of a slot is set."""
    return bool(dr7 >> (2 * slot) & 3)


def watched_ranges(words: Mapping[str, int]) -> list[tuple[int, int, int]]:
    """(slot, first address, length) of data breakpoints that are on in a snapshot: in the
    hardware, or where it has none, as the kernel believes."""
    found = []
    for slot in range(4):
        for dr7, register in (
            (words["dr7"], f"dr{slot}"),
            (words["cpu_dr7"], f"cpu_debugreg{slot}"),
        ):
            field = dr7 >> (16 + 4 * slot) & 0xF
            if slot_enabled(dr7, slot) and field & 3 in (_WRITES, _ACCESSES):
                length = _LENGTHS[field >> 2]
                found.append((slot, words[register] & -length, length))
                break
    return found


def _dr7_slot(number: int) -> int | None:
    if number >= 16:
        return (number - 16) >> 2
    return number >> 1 if number < 8 else None


def _dr7_name(number: int) -> tuple[str, str]:
    slot = _dr7_slot(number)
    if number >= 16:
        part = ("LEN", "length") if (number - 16) % 4 >= 2 else ("R/W", "condition")
        return part[0], f"{part[1]} of slot {slot}"
    if number < 8:
        word = "global" if number % 2 else "local"
        return f"{'LG'[number % 2]}{slot}", f"{word} enable of slot {slot}"
    return _DR7_LOW[number]


def _dr7_bit(number: int, hardware: int, shadow: int | None) -> Bit:
    name, words = _dr7_name(number)
    real = hardware >> number & 1
    believed = None if shadow is None else shadow >> number & 1
    return Bit(
        number,
        name,
        words,
        real,
        believed,
        _dr7_slot(number),
        number in _DR7_FIXED,
        believed is not None and number not in _DR7_ALIKE and real != believed,
    )


def _plain_bit(number: int, value: int, table: dict[int, tuple[str, str]]) -> Bit:
    real = value >> number & 1
    name, words = table.get(number, (str(real), f"fixed, reads as {real}"))
    slot = number if table is _DR6 and number < 4 else None
    return Bit(number, name, words, real, slot=slot, fixed=number not in table)


_DR7_TITLES = {12: "detect", 8: "modes", 4: "enable 3 2", 0: "enable 1 0"}


def _nibble(title: str, slot: int | None, bits: tuple[Bit, ...]) -> Nibble:
    def digit(values: list[int]) -> str:
        return f"{int(''.join(map(str, values)), 2):x}"

    shadows = [b.shadow for b in bits if b.shadow is not None]
    return Nibble(
        title,
        slot,
        digit([b.hardware for b in bits]),
        digit(shadows) if shadows else None,
        any(b.differs for b in bits),
        bits,
    )


def dr7_nibbles(hardware: int, shadow: int | None = None) -> list[Nibble]:
    """DR7 from bit 31 down to 0, four bits at a time, beside the kernel's cpu_dr7."""
    out = []
    for base in range(28, -1, -4):
        bits = tuple(
            _dr7_bit(n, hardware, shadow) for n in range(base + 3, base - 1, -1)
        )
        slot = (base - 16) >> 2 if base >= 16 else None
        title = f"slot {slot}" if slot is not None else _DR7_TITLES[base]
        out.append(_nibble(title, slot, bits))
    return out


def dr6_nibbles(value: int) -> list[Nibble]:
    """The low half of DR6, bits 15 to 0."""
    titles = {12: "cause", 8: "", 4: "", 0: "matched"}
    return [
        _nibble(
            titles[base],
            None,
            tuple(_plain_bit(n, value, _DR6) for n in range(base + 3, base - 1, -1)),
        )
        for base in range(12, -1, -4)
    ]


def rflags_nibbles(value: int) -> list[Nibble]:
    """RFLAGS from bit 23 down to 0."""
    titles = {20: "CPUID", 16: "resume", 12: "", 8: "control", 4: "", 0: ""}
    return [
        _nibble(
            titles[base],
            None,
            tuple(_plain_bit(n, value, _RFLAGS) for n in range(base + 3, base - 1, -1)),
        )
        for base in range(20, -1, -4)
    ]


def dr7_differences(hardware: int, shadow: int) -> int:
    """How many bits of DR7 and cpu_dr7 part, those that mean nothing left out."""
    return ((hardware ^ shadow) & DR7_COMPARED).bit_count()


def _flag_row(
    field: str, bit: int, hardware: int, shadow: int | None, note: str
) -> Row:
    real = hardware >> bit & 1
    kernel = None if shadow is None else shadow >> bit & 1
    says = ("clear", f"set{note}")
    return Row(
        field,
        None,
        says[real],
        None if kernel is None else says[kernel],
        kernel is not None and kernel != real,
    )


def dr7_rows(hardware: int, shadow: int | None = None) -> list[Row]:
    """The table under the strip: what hardware does and what the kernel believes."""
    rows = []
    for slot in range(4):
        real = slot_in_words(hardware, slot)
        kernel = None if shadow is None else slot_in_words(shadow, slot)
        rows.append(
            Row(
                f"slot {slot}",
                slot,
                real,
                kernel,
                kernel is not None and kernel != real,
            )
        )
    for field, bit, note in (
        ("GD", 13, ": the next MOV DR traps"),
        ("GE", 9, " (no effect since 486)"),
        ("LE", 8, " (no effect since 486)"),
    ):
        row = _flag_row(field, bit, hardware, shadow, note)
        if row.differs or row.hardware != "clear":
            rows.append(row)
    return rows


def dr6_in_words(value: int) -> str:
    """One sentence: why the exception was raised, as DR6 tells it."""
    slots = [str(n) for n in range(4) if value >> n & 1]
    parts = []
    if slots:
        parts.append(
            f"slot{'s' if len(slots) > 1 else ''} {' and '.join(slots)} matched"
        )
    parts += [_DR6[n][1] for n in (13, 14, 15) if value >> n & 1]
    return ", ".join(parts) or "no cause set"


def rflags_name(bit: int) -> str:
    """The short name of one flag: ``RF``."""
    return _RFLAGS[bit][0] if bit in _RFLAGS else f"bit {bit}"


def rflags_in_words(value: int) -> str:
    """The flags that are set, and RF and TF always, because debugging hangs on them."""
    names = [
        name
        for bit, (name, _) in sorted(_RFLAGS.items())
        if value >> bit & 1 and bit not in (1, 8, 12, 13, 16)
    ]
    return f"{' '.join(names) or 'none'}; RF {value >> 16 & 1}, TF {value >> 8 & 1}"
