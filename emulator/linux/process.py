"""One process: its memory layout, its first registers, and its system calls.

Counterpart: fs/exec.c, fs/binfmt_elf.c, arch/x86/entry/common.c of Linux.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emulator.errors import KernelError
from emulator.linux.areas import Areas, page_down, page_up
from emulator.linux.clocks import Clock, ClockCalls
from emulator.linux.errno import Errno
from emulator.linux.files import FileCalls, Output
from emulator.linux.identity import USER_ID, Identity, IdentityCalls, RandomStream
from emulator.linux.image import MMAP_BASE, STACK_TOP, initial_stack
from emulator.linux.mm import MemoryCalls
from emulator.linux.protocols import (
    PAGE,
    PROT_EXEC,
    PROT_READ,
    PROT_WRITE,
    Refused,
    Registers,
    SyscallResult,
    TaskBlocked,
    TaskExit,
    UserMemory,
)
from emulator.linux.signal_state import Signals
from emulator.linux.signals import SignalCalls
from emulator.programs import Program, Segment

_GENERAL = [
    "rax",
    "rbx",
    "rcx",
    "rdx",
    "rsi",
    "rdi",
    "rbp",
    "r8",
    "r9",
    "r10",
    "r11",
    "r12",
    "r13",
    "r14",
    "r15",
]
_RT_SIGRETURN = 15
#: RFLAGS with IF; the x87 and SSE control words that Linux gives a new program.
_FIRST = {"rflags": 0x202, "fpcw": 0x37F, "mxcsr": 0x1F80}


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """What the recipe says of the task."""

    pid: int
    comm: str
    cpu: int
    args: tuple[str, ...]
    env: tuple[str, ...]
    stack: int
    seed: int
    user: int = USER_ID


class Process:
    """A user-mode task on the machine.

    output(fd, bytes) takes what it writes to 1 and 2; clock() gives the nanoseconds of
    the run, one per retired instruction.
    """

    def __init__(
        self,
        spec: ProcessSpec,
        program: Program,
        memory: UserMemory,
        registers: Registers,
        *,
        output: Output,
        clock: Clock,
    ) -> None:
        self._spec = spec
        self._program = program
        self._memory = self.memory = memory
        self._registers = registers
        self.signals = Signals()
        self._areas = Areas()
        self._random = RandomStream(spec.seed, spec.pid)
        self._executable = b"/" + spec.comm.encode()
        self._mm = MemoryCalls(memory, self._areas, MMAP_BASE)
        identity = Identity(spec.pid, spec.cpu, spec.stack, spec.seed, spec.user)
        self._calls: dict[int, Callable[..., int]] = {
            **self._mm.table,
            **FileCalls(memory, output, self._executable).table,
            **SignalCalls(memory, spec.pid, self.signals).table,
            **ClockCalls(memory, clock).table,
            **IdentityCalls(memory, registers, identity, self._random).table,
        }

    def start(self, entry: int | None = None) -> None:
        """Map the program and its stack and set the registers to their first values.

        Raises KernelError(ENOMEM) when the machine's memory is too small, EINVAL when
        args and env leave no room on the stack.
        """
        for start, end, protection in _page_ranges(self._program.segments):
            self._memory.map(start, end - start, protection)
            self._areas.add(start, end, protection)
        for segment in self._program.segments:
            self._memory.load(segment.address, segment.data)
        self._mm.set_brk(self._program.end)
        self._start_registers(self._program.entry if entry is None else entry)

    def _start_registers(self, entry: int) -> None:
        stack = initial_stack(
            self._program,
            self._spec.args,
            self._spec.env,
            self._executable,
            self._random.take(16),
        )
        bottom = STACK_TOP - self._spec.stack
        if stack.pointer < bottom + PAGE:
            raise KernelError(
                Errno.EINVAL, "args and env do not fit on the stack", field="stack"
            )
        protection = PROT_READ | PROT_WRITE
        self._memory.map(bottom, self._spec.stack, protection)
        # The page below stays free of mappings: running off the stack must fault.
        self._areas.add(bottom - PAGE, bottom, 0)
        self._areas.add(bottom, STACK_TOP, protection)
        self._memory.load(stack.pointer, stack.data)
        zero = dict.fromkeys((*_GENERAL, "fs_base", "gs_base"), 0)
        first = {**zero, **_FIRST, "rsp": stack.pointer, "rip": entry}
        for name, value in first.items():
            self._registers.set(name, value)

    def syscall(self, number: int, arguments: Sequence[int]) -> SyscallResult:
        """Do system call `number` with its six arguments (rdi rsi rdx r10 r8 r9)."""
        if number & 0xFFFF_FFFF == _RT_SIGRETURN:
            return SyscallResult(0, sigreturn=True)
        call = self._calls.get(number & 0xFFFF_FFFF)
        if call is None:
            return SyscallResult(-Errno.ENOSYS, unknown=True)
        try:
            return SyscallResult(call(*arguments))
        except Refused as refused:
            return SyscallResult(-refused.errno)
        except KernelError as error:
            return SyscallResult(-error.errno)
        except TaskExit as gone:
            return SyscallResult(0, exited=gone.status)
        except TaskBlocked:
            return SyscallResult(0, blocked=True)


def _page_ranges(segments: Sequence[Segment]) -> list[tuple[int, int, int]]:
    """Whole pages of the segments; a page that two share gets the rights of both."""
    pages: dict[int, int] = {}
    for segment in segments:
        rights = _protection(segment)
        for page in range(page_down(segment.address), page_up(segment.end), PAGE):
            pages[page] = pages.get(page, 0) | rights
    ranges: list[tuple[int, int, int]] = []
    for page in sorted(pages):
        if ranges and ranges[-1][1] == page and ranges[-1][2] == pages[page]:
            ranges[-1] = (ranges[-1][0], page + PAGE, pages[page])
        else:
            ranges.append((page, page + PAGE, pages[page]))
    return ranges


def _protection(segment: Segment) -> int:
    rights = PROT_READ if segment.read else 0
    rights |= PROT_WRITE if segment.write else 0
    return rights | (PROT_EXEC if segment.execute else 0)
