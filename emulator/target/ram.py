"""Guest physical memory: one host buffer that every engine of a machine maps."""

from __future__ import annotations

import ctypes
import mmap

from emulator.errors import KernelError

PAGE = 0x1000
ENOMEM = 12


class Ram:
    """Physical memory from address 0, handed out in frames, all zero at first.

    A single frame comes from what was given back first, a run from above as long as there
    is room: the layout depends on nothing but the recipe.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.buffer = mmap.mmap(-1, size)
        self._pin = ctypes.c_char.from_buffer(self.buffer)
        self.host_address = ctypes.addressof(self._pin)
        # Frame 0 stays unused, so that no page table entry is ever 0 by accident.
        self._next = PAGE
        self._free: list[int] = []
        self._kept: set[int] = set()

    def window(self, address: int, length: int) -> memoryview:
        """A view of physical memory that follows what the guest does."""
        return memoryview(self.buffer)[address : address + length]

    def allocate(self) -> int:
        """Physical address of a zeroed frame. ENOMEM when full."""
        if not self._free:
            return self.allocate_run(1)[0]
        frame = self._free.pop()
        self.buffer[frame : frame + PAGE] = bytes(PAGE)
        return frame

    def allocate_run(self, pages: int) -> list[int]:
        """Zeroed frames, neighbours unless only returned ones are left. ENOMEM."""
        fresh = min(pages, (self.size - self._next) // PAGE)
        if pages > fresh + len(self._free):
            raise KernelError(ENOMEM, f"guest memory of {self.size} bytes is used up")
        start = self._next
        self._next += fresh * PAGE
        frames = list(range(start, self._next, PAGE))
        return frames + [self.allocate() for _ in range(pages - fresh)]

    @property
    def free_frames(self) -> int:
        """How many can still be allocated."""
        return (self.size - self._next) // PAGE + len(self._free)

    def release(self, frame: int) -> None:
        """Give one frame back, unless somebody else maps it too."""
        if frame not in self._kept:
            self._free.append(frame)

    def is_kept(self, frame: int) -> bool:
        """The frame has, or had, an alias."""
        return frame in self._kept

    def keep(self, frame: int) -> None:
        """The frame has an alias: never hand it out again."""
        self._kept.add(frame)

    def read(self, address: int, length: int) -> bytes:
        """Bytes at a physical address."""
        return self.buffer[address : address + length]

    def write(self, address: int, data: bytes) -> None:
        """Store bytes at a physical address."""
        self.buffer[address : address + len(data)] = data

    def read_u64(self, address: int) -> int:
        """A little-endian quadword."""
        return int.from_bytes(self.buffer[address : address + 8], "little")

    def write_u64(self, address: int, value: int) -> None:
        """Store a little-endian quadword."""
        self.buffer[address : address + 8] = value.to_bytes(8, "little")
