"""What the system calls need of the machine, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

PROT_READ, PROT_WRITE, PROT_EXEC = 1, 2, 4
PAGE = 4096


class UserMemory(Protocol):
    """One mm. Addresses and lengths of map, unmap and protect are whole pages.

    All methods raise KernelError: EFAULT for an address that is not mapped so,
    ENOMEM when memory is short.
    """

    def read(self, address: int, length: int) -> bytes:
        """copy_from_user."""
        ...

    def write(self, address: int, data: bytes) -> None:
        """copy_to_user."""
        ...

    def load(self, address: int, data: bytes) -> None:
        """Store whatever the protection says: the loader's way."""
        ...

    def map(self, address: int, length: int, protection: int) -> None:
        """Map zeroed memory; what was mapped there is gone."""
        ...

    def unmap(self, address: int, length: int) -> None:
        """Remove pages; holes are allowed."""
        ...

    def protect(self, address: int, length: int, protection: int) -> None:
        """Change the protection of mapped pages."""
        ...


class Registers(Protocol):
    """Registers of the task by lower-case name: the general ones, rip, rflags, fs_base,
    gs_base, fpcw and mxcsr."""

    def get(self, name: str) -> int:
        """The value, unsigned 64 bits."""
        ...

    def set(self, name: str, value: int) -> None:
        """Change it."""
        ...


@dataclass(frozen=True, slots=True)
class SyscallResult:
    """How a system call ended.

    value: what RAX gets, signed (-errno on failure). unknown: the model has no such
    call. exited: the status as wait4 gives it, when the task is gone. blocked: a real
    kernel would put the task to sleep for ever.
    """

    value: int
    unknown: bool = False
    exited: int | None = None
    blocked: bool = False
    sigreturn: bool = False


class TaskExit(Exception):
    """The task ended; status as wait4 gives it."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class TaskBlocked(Exception):
    """The task would sleep: only a signal can wake it."""


class Refused(Exception):
    """The call fails with this errno."""

    def __init__(self, errno: int) -> None:
        super().__init__(errno)
        self.errno = errno
