"""copy_to_user and copy_from_user: only user addresses, and seen by the debug unit.

What the kernel does to a program's memory on its behalf is an access at CPL0 like any
other (decisions D2). It is noted here and told when the model's function is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from emulator.arch.x86.parse import TASK_SIZE_MAX
from emulator.errors import KernelError
from emulator.linux import UserMemory
from emulator.target.debug_unit import DebugUnit, Watch
from emulator.target.debugreg import ReadWrite
from emulator.target.stepper import Accessed

_EFAULT = 14
_ENABLES = 0xFF


@dataclass(frozen=True, slots=True)
class Access:
    """One copy."""

    address: int
    length: int
    is_write: bool


class UserAccess:
    """emulator.linux.UserMemory for the system calls of one task."""

    def __init__(
        self, memory: UserMemory, unit: DebugUnit, noted: list[Access]
    ) -> None:
        """noted: where accesses are kept while anything is armed on the task's CPU."""
        self._memory = memory
        self._unit = unit
        self._noted = noted
        # The loader's way and changes of mappings are not accesses of the task.
        self.load = memory.load
        self.map = memory.map
        self.unmap = memory.unmap
        self.protect = memory.protect

    def read(self, address: int, length: int) -> bytes:
        """copy_from_user."""
        self._check(address, length)
        data = self._memory.read(address, length)
        self._note(address, length, is_write=False)
        return data

    def write(self, address: int, data: bytes) -> None:
        """copy_to_user."""
        self._check(address, len(data))
        self._memory.write(address, data)
        self._note(address, len(data), is_write=True)

    @staticmethod
    def _check(address: int, length: int) -> None:
        """access_ok()."""
        if address < 0 or address + length > TASK_SIZE_MAX:
            raise KernelError(_EFAULT, f"{address:#x} is no user address")

    def _note(self, address: int, length: int, *, is_write: bool) -> None:
        if length and self._unit.dr7 & _ENABLES:
            self._noted.append(Access(address, length, is_write))


def hits_of(
    accesses: Iterable[Access], watches: tuple[Watch, ...]
) -> Iterator[tuple[int, Accessed]]:
    """B bits of each #DB that the copies raise, and how they touched.

    A copy is `rep movsb`, which traps after each byte that is watched: that is what was
    recorded on a processor with fast short copies (eight hits for eight bytes).
    """
    for access in accesses:
        kind = Accessed.WRITE if access.is_write else Accessed.READ
        near = [w for w in watches if _sees(w, access)]
        if not any(watch.enabled for watch in near):
            continue
        first = max(access.address, min(w.start for w in near))
        last = min(access.address + access.length, max(w.end for w in near))
        for at in range(first, last):
            touched = [w for w in near if w.start <= at < w.end]
            if any(watch.enabled for watch in touched):
                yield sum(1 << watch.slot for watch in touched), kind


def _sees(watch: Watch, access: Access) -> bool:
    if watch.kind is ReadWrite.WRITE and not access.is_write:
        return False
    if watch.kind not in (ReadWrite.WRITE, ReadWrite.ACCESS):
        return False
    return watch.start < access.address + access.length and access.address < watch.end
