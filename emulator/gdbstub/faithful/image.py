"""The g image of kgdb: arch/x86/kernel/kgdb.c, struct dbg_reg_def.

It is one static buffer. What no release writes (ds, es), and what a sleeping task does
not have (flags, cs, ss), shows whatever was left there by an earlier packet.
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.gdbstub.rules import FaithfulRules

#: Registers of the image in their order: 8 bytes each, then 4 bytes each.
LONGS = (
    *("rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp"),
    *(f"r{number}" for number in range(8, 16)),
    "rip",
)
INTS = ("eflags", "cs", "ss", "ds", "es", "fs", "gs")
_LONG, _INT = 8, 4
#: In pt_regs; the other segments are in the image but have no source.
_SAVED = frozenset((*LONGS, "eflags", "cs", "ss"))
_SLEEPING = frozenset(("rbp", "rsp"))
#: struct pt_regs lies on the stack that a new rsp would move.
_CHANGEABLE = _SAVED - {"rsp"}
_ORIG_AX = 57


class RegisterImage:
    """gdb_regs."""

    def __init__(self, rules: FaithfulRules) -> None:
        self._rules = rules
        # fs and gs have numbers but no room in the image.
        numbered, room = (7, 5) if rules.image_has_ds_es else (3, 3)
        self._names = [*LONGS, *INTS[:numbered]]
        self._bytes = bytearray(len(LONGS) * _LONG + room * _INT)

    @property
    def size(self) -> int:
        """NUMREGBYTES."""
        return len(self._bytes)

    def __bytes__(self) -> bytes:
        return bytes(self._bytes)

    def fill(self, values: Mapping[str, int], *, running: bool) -> None:
        """The registers of a thread. Of a sleeping one nearly all longs read 0."""
        for number, name in enumerate(self._names):
            if name not in _SAVED:
                continue
            if running:
                self._put(number, values.get(self._source(name), 0))
            elif number < len(LONGS):
                self._put(number, values.get(name, 0) if name in _SLEEPING else 0)
            elif self._rules.sleeping_flags_cs_ss:
                self._put(number, values.get(name, 0))

    def store(self, data: bytes) -> None:
        """What G brings, of full size."""
        self._bytes[:] = data

    def store_single(self, data: bytes) -> None:
        """What P brings: at the very beginning, the rest is zeroed."""
        self._bytes[:] = data[: self.size].ljust(self.size, b"\0")

    def values(self) -> dict[str, int]:
        """All that G changes."""
        return {
            self._source(name): self._get(number)
            for number, name in enumerate(self._names)
            if name in _CHANGEABLE
        }

    def knows(self, number: int) -> bool:
        """Whether P accepts the number."""
        return number < len(self._names) or number == _ORIG_AX

    def single(self, number: int) -> dict[str, int]:
        """What P changes, out of what store_single left: nothing for some."""
        if number == _ORIG_AX or self._names[number] not in _CHANGEABLE:
            return {}
        size = self._place(number)[1]
        value = int.from_bytes(self._bytes[:size], "little")
        return {self._source(self._names[number]): value}

    def register(self, number: int) -> bytes | None:
        """What p shows, None for an unknown number."""
        if number >= len(self._names):
            return None
        start, size = self._place(number)
        return bytes(self._bytes[start : start + size]).ljust(size, b"\0")

    def _source(self, name: str) -> str:
        return "rdx" if name == "rsi" and self._rules.rsi_shows_rdx else name

    def _place(self, number: int) -> tuple[int, int]:
        beyond = number - len(LONGS)
        if beyond < 0:
            return number * _LONG, _LONG
        return len(LONGS) * _LONG + beyond * _INT, _INT

    def _put(self, number: int, value: int) -> None:
        start, size = self._place(number)
        low = value & ((1 << 8 * size) - 1)
        self._bytes[start : start + size] = low.to_bytes(size, "little")

    def _get(self, number: int) -> int:
        start, size = self._place(number)
        return int.from_bytes(self._bytes[start : start + size], "little")
