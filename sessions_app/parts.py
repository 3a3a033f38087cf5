"""A part of the machine that a remark speaks of: a register, a bit, bytes, a slot.

In one word, as forms and addresses have it: ``dr7``, ``dr7.1``, ``0x402000:4``,
``cpu0.slot2``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from sessions_app import trace
from sessions_app.errors import InvalidAnchor

#: Bytes of memory that one remark may be pinned to.
MAX_LENGTH = 256
SLOTS = 4
ALLOWED = "dr7, dr7.1, 0x402000:4 or cpu0.slot2"

_REGISTER = re.compile(r"([a-z][a-z0-9_]{1,15})(?:\.([0-9]{1,3}))?\Z")
_MEMORY = re.compile(r"(0x[0-9a-f]{1,16})(?::([0-9]{1,5}))?\Z")
_SLOT = re.compile(r"cpu([0-9]{1,3})\.slot([0-9]{1,3})\Z")


class HasPart(Protocol):
    """A row with the columns of models.anchor."""

    register: str
    bit: int | None
    address: int | None
    length: int | None
    cpu: int | None
    slot: int | None


@dataclass(frozen=True, slots=True)
class Part:
    """One of: register, register and bit, address and length, cpu and slot; or nothing."""

    register: str = ""
    bit: int | None = None
    address: int | None = None
    length: int | None = None
    cpu: int | None = None
    slot: int | None = None

    def __bool__(self) -> bool:
        return self != NOTHING

    @property
    def is_memory(self) -> bool:
        """Whether it is bytes of memory."""
        return self.address is not None

    @property
    def is_slot(self) -> bool:
        """Whether it is a slot of a CPU."""
        return self.slot is not None

    @property
    def key(self) -> str:
        """In one word; empty for nothing."""
        if self.address is not None:
            return f"{self.address:#x}:{self.length}"
        if self.slot is not None:
            return f"cpu{self.cpu}.slot{self.slot}"
        return self.register if self.bit is None else f"{self.register}.{self.bit}"

    @property
    def columns(self) -> dict[str, Any]:
        """For the row of a remark."""
        return asdict(self)

    def words(self, place: Callable[[int], str] = hex) -> str:
        """``DR7 bit 1 G0``, ``4 bytes at counter``; place names an address."""
        if self.address is not None:
            size = "1 byte" if self.length == 1 else f"{self.length} bytes"
            name = place(self.address)
            plain = f"{self.address:#x}"
            return f"{size} at {plain if name == plain else f'{name}, {plain}'}"
        if self.slot is not None:
            return f"slot DR{self.slot} of CPU {self.cpu}"
        if self.bit is None:
            return self.register
        name = trace.bit_name(self.register, self.bit)[0]
        return f"{self.register.upper()} bit {self.bit} {name}".rstrip()


#: No part: a remark on the moment itself.
NOTHING = Part()


def part_of(row: HasPart) -> Part:
    """Of a stored remark."""
    return Part(row.register, row.bit, row.address, row.length, row.cpu, row.slot)


def parse_part(text: str, field: str = "on") -> Part:
    """From one word; an empty one is nothing. Raises InvalidAnchor naming field."""
    word = text.strip().lower()
    if not word:
        return NOTHING
    if found := _MEMORY.match(word):
        return Part(address=int(found[1], 16), length=int(found[2] or 1))
    if found := _SLOT.match(word):
        return Part(cpu=int(found[1]), slot=int(found[2]))
    if found := _REGISTER.match(word):
        return Part(found[1], None if found[2] is None else int(found[2]))
    raise InvalidAnchor(
        "no part of a machine", field=field, value=text[:40], allowed=ALLOWED
    )


def check_part(part: Part, *, cpus: int | None, has_moment: bool) -> Part:
    """The part, if there is such a one. cpus: how many the run's machine has; None
    without a run. Raises InvalidAnchor naming the field, the value and what is allowed."""
    kinds = bool(part.register) + part.is_memory + part.is_slot
    if kinds > 1:
        raise InvalidAnchor(
            "a remark is pinned to one part",
            field="register",
            value=part.register,
            allowed="a register, or memory, or a slot",
        )
    _check_register(part)
    _check_memory(part)
    _check_slot(part, cpus)
    if (part.is_memory or part.is_slot) and not has_moment:
        raise InvalidAnchor(
            "memory and slots are those of a moment",
            field="seq",
            value=None,
            allowed="the number of an event",
        )
    return part


def _check_register(part: Part) -> None:
    if part.register and part.register not in trace.REGISTER_NAMES:
        raise InvalidAnchor(
            "no such register",
            field="register",
            value=part.register,
            allowed=", ".join(trace.REGISTER_NAMES),
        )
    if part.bit is None:
        return
    if not part.register:
        raise InvalidAnchor(
            "a bit needs its register", field="register", value="", allowed="its name"
        )
    _within("bit", part.bit, 0, trace.highest_bit(part.register))


def _check_memory(part: Part) -> None:
    if part.address is None:
        if part.length is not None:
            raise InvalidAnchor(
                "a length needs its address",
                field="address",
                value=None,
                allowed='a "0x…" word',
            )
        return
    _within("length", part.length, 1, MAX_LENGTH)
    last = part.address + (part.length or 1) - 1
    if last > trace.MAX_U64:
        raise InvalidAnchor(
            "the bytes end behind the last address",
            field="length",
            value=part.length,
            allowed=f"1 to {trace.MAX_U64 - part.address + 1}",
        )


def _check_slot(part: Part, cpus: int | None) -> None:
    if part.slot is None and part.cpu is None:
        return
    _within("slot", part.slot, 0, SLOTS - 1)
    if cpus is not None:
        _within("cpu", part.cpu, 0, cpus - 1)
    elif part.cpu is None:
        _within("cpu", part.cpu, 0, 0)


def _within(field: str, value: int | None, first: int, last: int) -> None:
    if value is None or not first <= value <= last:
        raise InvalidAnchor(
            f"no such {field}", field=field, value=value, allowed=f"{first} to {last}"
        )
