"""CPUID leaf 1 as the recipe's profile wants it; the other leaves are the engine's own."""

from __future__ import annotations

import ctypes
from functools import lru_cache

from unicorn import UC_HOOK_INSN
from unicorn import x86_const as x86

from emulator.target import raw
from emulator.target.raw import RawEngine, Registers

_HYPERVISOR = 1 << 31  # leaf 1, ECX
#: Follows CR4.OSXSAVE, which the machine leaves 0 and a new engine does not.
_OSXSAVE = 1 << 27
_RBX = raw.NAMES.index("rbx")
CPUID_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


@lru_cache(maxsize=1)
def _leaf_1() -> tuple[int, int, int, int]:
    """EAX, EBX, ECX, EDX of the engine's CPU model."""
    engine = RawEngine(1 << 20)
    engine.uc.mem_map(0x1000, 0x1000)
    engine.uc.mem_write(0x1000, bytes.fromhex("0fa29090"))
    registers = Registers(engine.handle)
    registers.write(raw.RAX, 1)
    engine.start(0x1000, 1)
    registers.load()
    values = registers.values
    return values[raw.RAX], values[_RBX], values[raw.RCX], values[raw.RDX]


class CpuId:
    """Answers leaf 1 on one engine."""

    def __init__(self, engine: RawEngine, *, hypervisor: bool) -> None:
        self._registers = Registers(engine.handle)
        eax, ebx, ecx, edx = _leaf_1()
        ecx &= ~_OSXSAVE
        ecx = ecx | _HYPERVISOR if hypervisor else ecx & ~_HYPERVISOR
        self._answer = {raw.RAX: eax, _RBX: ebx, raw.RCX: ecx, raw.RDX: edx}
        self._callback = CPUID_CALLBACK(self._on_cpuid)
        engine.hook(UC_HOOK_INSN, self._callback, extra=(x86.UC_X86_INS_CPUID, 0))

    def _on_cpuid(self, _handle: int, _data: int) -> int:
        """1: answered; 0: let the engine answer."""
        if self._registers.read(raw.RAX) & 0xFFFFFFFF != 1:
            return 0
        for register, value in self._answer.items():
            self._registers.write(register, value)
        return 1
