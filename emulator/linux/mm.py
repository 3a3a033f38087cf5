"""brk, mmap and their family (mm/mmap.c, mm/mremap.c): anonymous memory only."""

from __future__ import annotations

from collections.abc import Callable

from emulator.errors import KernelError
from emulator.linux.areas import Areas, page_down, page_up
from emulator.linux.errno import Errno
from emulator.linux.protocols import PAGE, Refused, UserMemory

MMAP_MIN_ADDR = 0x1_0000
MAX_MAP_COUNT = 65530
TASK_SIZE = 0x7FFF_FFFF_F000

MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE = 1, 2, 3
MAP_FIXED, MAP_ANONYMOUS, MAP_FIXED_NOREPLACE = 0x10, 0x20, 0x100000
MREMAP_MAYMOVE, MREMAP_FIXED = 1, 2

_COPY = 1 << 16


class MemoryCalls:
    """The memory system calls of one mm."""

    def __init__(self, memory: UserMemory, areas: Areas, mmap_base: int) -> None:
        self._memory = memory
        self._areas = areas
        self._mmap_base = mmap_base
        self.brk_start = 0
        self.brk_end = 0

    @property
    def table(self) -> dict[int, Callable[..., int]]:
        """System call numbers and what serves them."""
        return {
            9: self.mmap,
            10: self.mprotect,
            11: self.munmap,
            12: self.brk,
            25: self.mremap,
            28: self.madvise,
        }

    def set_brk(self, address: int) -> None:
        """Where the heap begins: the first page after the program."""
        self.brk_start = self.brk_end = page_up(address)

    def brk(self, wanted: int, *_: int) -> int:
        """Never fails: returns the break, moved or not."""
        if wanted < self.brk_start or wanted > TASK_SIZE:
            return self.brk_end
        old, new = page_up(self.brk_end), page_up(wanted)
        if new > old:
            if not self._areas.free(old, new + PAGE):
                return self.brk_end
            try:
                self._map(old, new, 3)
            except (KernelError, Refused):
                return self.brk_end
        elif new < old:
            self._unmap(new, old)
        self.brk_end = wanted
        return wanted

    def mmap(
        self, address: int, length: int, protection: int, flags: int, *_: int
    ) -> int:
        """Anonymous mappings; a file is EBADF, for there are none."""
        kind = flags & 3
        if not length or kind == 0 or protection & ~7:
            raise Refused(Errno.EINVAL)
        if not flags & MAP_ANONYMOUS:
            raise Refused(Errno.EBADF)
        if length > TASK_SIZE:
            raise Refused(Errno.ENOMEM)
        length = page_up(length)
        start = self._place(address, length, flags)
        self._map(start, start + length, protection)
        return start

    def _place(self, address: int, length: int, flags: int) -> int:
        if flags & (MAP_FIXED | MAP_FIXED_NOREPLACE):
            self._check_range(address, length, Errno.ENOMEM)
            if address < MMAP_MIN_ADDR:
                raise Refused(Errno.EPERM)
            taken = not self._areas.free(address, address + length)
            if flags & MAP_FIXED_NOREPLACE and taken:
                raise Refused(Errno.EEXIST)
            return address
        hint = page_down(address)
        fits = hint >= MMAP_MIN_ADDR and hint + length <= TASK_SIZE
        if fits and self._areas.free(hint, hint + length):
            return hint
        return self._gap(length)

    def _gap(self, length: int) -> int:
        found = self._areas.find_gap(length, MMAP_MIN_ADDR, self._mmap_base)
        if found is None:
            raise Refused(Errno.ENOMEM)
        return found

    def munmap(self, address: int, length: int, *_: int) -> int:
        """Holes are fine."""
        if not length:
            raise Refused(Errno.EINVAL)
        self._check_range(address, length, Errno.EINVAL)
        self._unmap(address, address + page_up(length))
        return 0

    def mprotect(self, address: int, length: int, protection: int, *_: int) -> int:
        """ENOMEM when a page of the range is not mapped."""
        if address % PAGE or protection & ~7:
            raise Refused(Errno.EINVAL)
        if not length:
            return 0
        self._check_range(address, length, Errno.ENOMEM)
        end = address + page_up(length)
        if not self._areas.covered(address, end):
            raise Refused(Errno.ENOMEM)
        self._memory.protect(address, end - address, protection)
        self._areas.add(address, end, protection)
        return 0

    def mremap(
        self, address: int, old: int, new: int, flags: int, target: int, *_: int
    ) -> int:
        """Shrinks and grows in place where it can, else moves when that is allowed."""
        if address % PAGE or not old or not new or flags & ~MREMAP_MAYMOVE:
            # Linux: MREMAP_FIXED and MREMAP_DONTUNMAP are refused here, 5.7 has them.
            raise Refused(Errno.EINVAL)
        old, new = page_up(old), page_up(new)
        self._check_range(address, max(old, new), Errno.ENOMEM)
        if not self._areas.covered(address, address + old):
            raise Refused(Errno.EFAULT)
        if new <= old:
            if new < old:
                self._unmap(address + new, address + old)
            return address
        protection = self._areas.protection_at(address)
        if self._areas.free(address + old, address + new):
            self._map(address + old, address + new, protection)
            return address
        if not flags & MREMAP_MAYMOVE:
            raise Refused(Errno.ENOMEM)
        return self._move(address, old, new, protection)

    def _move(self, address: int, old: int, new: int, protection: int) -> int:
        start = self._gap(new)
        self._map(start, start + new, protection)
        # Linux moves page table entries; the bytes end up in the same place.
        for at in range(0, old, _COPY):
            size = min(_COPY, old - at)
            self._memory.load(start + at, self._memory.read(address + at, size))
        self._unmap(address, address + old)
        return start

    def madvise(self, address: int, length: int, advice: int, *_: int) -> int:
        """Advice is taken and not acted upon."""
        if address % PAGE:
            raise Refused(Errno.EINVAL)
        return 0

    def _check_range(self, address: int, length: int, beyond: Errno) -> None:
        if address % PAGE:
            raise Refused(Errno.EINVAL)
        if address + page_up(length) > TASK_SIZE:
            raise Refused(beyond)

    def _map(self, start: int, end: int, protection: int) -> None:
        if len(self._areas) >= MAX_MAP_COUNT:
            raise Refused(Errno.ENOMEM)
        self._memory.map(start, end - start, protection)
        self._areas.add(start, end, protection)

    def _unmap(self, start: int, end: int) -> None:
        # Only what is mapped: a program may unmap all of its address space at once.
        for low, high in self._areas.remove(start, end):
            self._memory.unmap(low, high - low)
