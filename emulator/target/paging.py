"""Address spaces: real four-level page tables in guest memory (SDM vol. 3, 4.5).

The upper half is shared: every space copies the top-level entries of the kernel's.
Accessed and dirty bits are set from the start, so that running never writes a table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from emulator.errors import KernelError
from emulator.target.ram import PAGE, Ram

EFAULT, EINVAL, ENOMEM = 14, 22, 12
READ, WRITE, EXECUTE = 1, 2, 4

_PRESENT, _WRITABLE, _USER = 1, 2, 4
_ACCESSED_DIRTY = 0x60
_NO_EXECUTE = 1 << 63
#: Page tables that a mapping may need beside one for each 512 pages.
_TABLES = 4
_ADDRESS = 0x000F_FFFF_FFFF_F000
_USER_END = 0x0000_7FFF_FFFF_F000
KERNEL_START = 0xFFFF_8000_0000_0000


@dataclass(slots=True)
class Page:
    """One mapped page: its frame and what is allowed."""

    frame: int
    protection: int


class AddressSpace:
    """One mm. `pages` is the truth; the tables in guest memory follow it."""

    def __init__(self, ram: Ram, kernel: AddressSpace | None = None) -> None:
        self.ram = ram
        self.root = ram.allocate()
        self.pages: dict[int, Page] = {}
        self.kernel = kernel
        self.generation = 0
        """Grows with each change of a translation: TLBs and hooks must follow."""
        if kernel is None:
            # Made now, so that later mappings are seen by every space.
            for index in range(256, 512):
                if index in (256, 511):
                    self._table(self.root, index, user=False)
        else:
            for index in (256, 511):
                entry = ram.read_u64(kernel.root + 8 * index)
                ram.write_u64(self.root + 8 * index, entry)

    def page(self, address: int) -> Page | None:
        """The page of a linear address or None."""
        number = address // PAGE
        found = self.pages.get(number)
        if found is None and self.kernel is not None and address >= KERNEL_START:
            return self.kernel.pages.get(number)
        return found

    def translate(self, address: int) -> int | None:
        """Physical address, or None when not mapped."""
        page = self.page(address)
        return None if page is None else page.frame + address % PAGE

    def map(self, address: int, length: int, protection: int) -> None:
        """Map zeroed memory over whole pages.

        Raises KernelError(ENOMEM) before anything is mapped when memory is short.
        """
        first, count = self._range(address, length)
        if self.ram.free_frames < count + _TABLES + count // 512:
            raise KernelError(ENOMEM, f"no memory for {count} pages")
        for index, frame in enumerate(self.ram.allocate_run(count)):
            self._release(first + index)
            page = Page(frame, protection)
            self.pages[first + index] = page
            self._write_entry(first + index, page)
        self.generation += 1

    def share(self, address: int, length: int, source: int, protection: int) -> None:
        """Map the frames behind `source` a second time (an alias)."""
        first, count = self._range(address, length)
        for index in range(count):
            origin = self.page(source + index * PAGE)
            if origin is None:
                raise KernelError(EFAULT, f"nothing mapped at {source:#x}")
            self.ram.keep(origin.frame)
            self._release(first + index)
            page = Page(origin.frame, protection)
            self.pages[first + index] = page
            self._write_entry(first + index, page)
        self.generation += 1

    def aliases(self, address: int) -> list[int]:
        """Other pages of this space, and of the kernel's, with the same frame."""
        page = self.page(address)
        spaces = [self] if self.kernel is None else [self, self.kernel]
        return [
            number * PAGE
            for space in spaces
            for number, other in space.pages.items()
            if page is not None
            and other.frame == page.frame
            and number != address // PAGE
        ]

    def unmap(self, address: int, length: int) -> None:
        """Remove whole pages; holes are allowed."""
        first, count = self._range(address, length)
        for number in range(first, first + count):
            if number in self.pages:
                self._release(number)
                self._write_entry(number, None)
        self.generation += 1

    def protect(self, address: int, length: int, protection: int) -> None:
        """Change the protection. ENOMEM when a page of the range is not mapped."""
        first, count = self._range(address, length)
        numbers = range(first, first + count)
        if any(number not in self.pages for number in numbers):
            raise KernelError(ENOMEM, f"unmapped page in {address:#x}+{length:#x}")
        for number in numbers:
            self.pages[number].protection = protection
            self._write_entry(number, self.pages[number])
        self.generation += 1

    def find_free(self, length: int, low: int, high: int) -> int:
        """Highest free range of whole pages inside [low, high). Raises ENOMEM."""
        need = -(-length // PAGE)
        end = high // PAGE
        free = 0
        for number in range(end - 1, low // PAGE - 1, -1):
            free = 0 if number in self.pages else free + 1
            if free == need:
                return number * PAGE
        raise KernelError(ENOMEM, f"no free range of {length} bytes")

    def read(self, address: int, length: int, need: int = READ) -> bytes:
        """Bytes at a linear address. EFAULT when a page is missing or not readable."""
        return b"".join(
            self.ram.read(where, size)
            for where, size in self._spans(address, length, need)
        )

    def write(self, address: int, data: bytes, need: int = WRITE) -> None:
        """Store bytes; nothing is written when any page refuses (EFAULT)."""
        at = 0
        for where, size in list(self._spans(address, len(data), need)):
            self.ram.write(where, data[at : at + size])
            at += size

    def load(self, address: int, data: bytes) -> None:
        """Store bytes whatever the protection says (the loader's way)."""
        self.write(address, data, need=0)

    def mapped_bytes(self, address: int, length: int) -> bytes:
        """Bytes from address on, as far as pages are mapped; at most two pages."""
        if self.translate(address) is None:
            return b""
        if self.translate(address + length - 1) is None:
            length = -address % PAGE
        return self.read(address, length, 0)

    def _spans(self, address: int, length: int, need: int) -> Iterator[tuple[int, int]]:
        while length > 0:
            page = self.page(address)
            if page is None or page.protection & need != need:
                raise KernelError(EFAULT, f"bad address {address:#x}")
            size = min(length, PAGE - address % PAGE)
            yield page.frame + address % PAGE, size
            address += size
            length -= size

    def _range(self, address: int, length: int) -> tuple[int, int]:
        if address % PAGE or address < 0 or length <= 0:
            raise KernelError(EINVAL, f"bad range {address:#x}+{length:#x}")
        end = address + length
        user = end <= _USER_END
        kernel = address >= KERNEL_START and end <= 1 << 64
        if not (user or kernel):
            raise KernelError(EINVAL, f"range {address:#x}+{length:#x} is not mappable")
        return address // PAGE, -(-length // PAGE)

    def _release(self, number: int) -> None:
        page = self.pages.pop(number, None)
        if page is not None:
            self.ram.release(page.frame)

    def _write_entry(self, number: int, page: Page | None) -> None:
        user = number * PAGE < KERNEL_START
        table = self.root
        for shift in (27, 18, 9):
            table = self._table(table, number >> shift & 511, user=user)
        entry = 0 if page is None else self._entry(page, user)
        self.ram.write_u64(table + 8 * (number & 511), entry)

    def _table(self, table: int, index: int, *, user: bool) -> int:
        where = table + 8 * index
        entry = self.ram.read_u64(where)
        if not entry & _PRESENT:
            flags = _PRESENT | _WRITABLE | _ACCESSED_DIRTY | (_USER if user else 0)
            entry = self.ram.allocate() | flags
            self.ram.write_u64(where, entry)
        return entry & _ADDRESS

    @staticmethod
    def _entry(page: Page, user: bool) -> int:
        if not page.protection:
            return 0
        entry = page.frame | _PRESENT | _ACCESSED_DIRTY | (_USER if user else 0)
        if page.protection & WRITE:
            entry |= _WRITABLE
        if not page.protection & EXECUTE:
            entry |= _NO_EXECUTE
        return entry
