"""Linux as a user-mode program sees it: process image and system calls.

Pure: no clock, no randomness, no globals. Stands on two Protocols, UserMemory and
Registers, that the machine fulfils.
"""

from emulator.linux.process import Process, ProcessSpec
from emulator.linux.protocols import Registers, SyscallResult, UserMemory

__all__ = ["Process", "ProcessSpec", "Registers", "SyscallResult", "UserMemory"]
