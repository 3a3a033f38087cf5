"""UserMemory and Registers in plain Python, and a process on them."""

from __future__ import annotations

from collections.abc import Iterable

from emulator.errors import KernelError
from emulator.linux import Process, ProcessSpec, SyscallResult
from emulator.linux.errno import Errno
from emulator.linux.protocols import PAGE, PROT_READ, PROT_WRITE
from emulator.programs import Program, load_flat

SPEC = ProcessSpec(
    pid=100, comm="prog", cpu=1, args=("prog",), env=("A=1",), stack=65536, seed=1
)
DATA = 0x40_1000
"""A page of the program that a test may use."""


class PageMemory:
    """Pages in a dict; at most `limit` of them."""

    def __init__(self, limit: int = 4096) -> None:
        self.pages: dict[int, bytearray] = {}
        self.rights: dict[int, int] = {}
        self._limit = limit

    def _page(self, address: int, need: int) -> bytearray:
        page = address // PAGE
        if page not in self.pages or self.rights[page] & need != need:
            raise KernelError(Errno.EFAULT, hex(address))
        return self.pages[page]

    def read(self, address: int, length: int) -> bytes:
        return bytes(
            self._page(at, PROT_READ)[at % PAGE]
            for at in range(address, address + length)
        )

    def write(self, address: int, data: bytes) -> None:
        self._store(address, data, PROT_WRITE)

    def load(self, address: int, data: bytes) -> None:
        self._store(address, data, 0)

    def _store(self, address: int, data: bytes, need: int) -> None:
        pages = [self._page(address + i, need) for i in range(len(data))]
        for i, page in enumerate(pages):
            page[(address + i) % PAGE] = data[i]

    def map(self, address: int, length: int, protection: int) -> None:
        numbers = range(address // PAGE, (address + length) // PAGE)
        if len(numbers) > self._limit or (
            len(self.pages.keys() | set(numbers)) > self._limit
        ):
            raise KernelError(Errno.ENOMEM, "full")
        for number in numbers:
            self.pages[number] = bytearray(PAGE)
            self.rights[number] = protection

    def unmap(self, address: int, length: int) -> None:
        for number in range(address // PAGE, (address + length) // PAGE):
            self.pages.pop(number, None)

    def protect(self, address: int, length: int, protection: int) -> None:
        for number in range(address // PAGE, (address + length) // PAGE):
            self.rights[number] = protection


class DictRegisters:
    """Registers in a dict."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}

    def get(self, name: str) -> int:
        return self.values[name]

    def set(self, name: str, value: int) -> None:
        self.values[name] = value


class Started:
    """A started process with everything it touches."""

    def __init__(
        self,
        spec: ProcessSpec = SPEC,
        program: Program | None = None,
        limit: int = 4096,
    ) -> None:
        self.memory = PageMemory(limit)
        self.registers = DictRegisters()
        self.output: list[tuple[int, bytes]] = []
        self.now = 0
        self.process = Process(
            spec,
            program or load_flat(bytes(2 * PAGE), 0x40_0000, {}),
            self.memory,
            self.registers,
            output=lambda fd, data: self.output.append((fd, data)),
            clock=lambda: self.now,
        )
        self.process.start()

    def call(self, number: int, *arguments: int) -> SyscallResult:
        """The whole result of a system call."""
        padded: Iterable[int] = (*arguments, *[0] * (6 - len(arguments)))
        return self.process.syscall(number, tuple(padded))

    def value(self, number: int, *arguments: int) -> int:
        """What RAX gets, signed."""
        return self.call(number, *arguments).value

    def put(self, data: bytes, address: int = DATA) -> int:
        """Store test data; returns its address."""
        self.memory.load(address, data)
        return address
