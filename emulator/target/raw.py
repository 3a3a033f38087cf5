"""The engine's C interface without an object per register or per hook call.

The Python binding wraps each callback and each register; at 100 000 hits a second
that is most of the time. Here registers go through preallocated buffers and hooks
are plain C callbacks. Facts about the engine (unicorn 2.1.4): docs/adr and
docs/engine.md.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import unicorn.unicorn_py3.unicorn as binding
from unicorn import UC_ARCH_X86, UC_MODE_64, UC_PROT_ALL
from unicorn import x86_const as x86
from unicorn.unicorn_py3 import Uc, UcError

from emulator.target.clock import counter_offset, handle_of

GENERAL = [
    "RAX",
    "RBX",
    "RCX",
    "RDX",
    "RSI",
    "RDI",
    "RBP",
    "RSP",
    "R8",
    "R9",
    "R10",
    "R11",
    "R12",
    "R13",
    "R14",
    "R15",
    "RIP",
    "EFLAGS",
]
SYSTEM = ["FS_BASE", "GS_BASE", "CR3", "CS", "SS", "DS", "ES", "CR2"]
NAMES = [name.lower() for name in GENERAL + SYSTEM]
IDS = [getattr(x86, f"UC_X86_REG_{name}") for name in GENERAL + SYSTEM]
_XMM = [getattr(x86, f"UC_X86_REG_XMM{n}") for n in range(16)]
RIP, EFLAGS = 16, 17
RSP, RDX, RCX, RAX, R11 = 7, 3, 2, 0, 11
FS_BASE, GS_BASE, CR3, CS, SS, DS, ES, CR2 = range(18, 26)

CODE_CALLBACK = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint32, ctypes.c_void_p
)
MEMORY_CALLBACK = ctypes.CFUNCTYPE(
    None,
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.c_uint64,
    ctypes.c_int,
    ctypes.c_int64,
    ctypes.c_void_p,
)
INTERRUPT_CALLBACK = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p
)
SYSCALL_CALLBACK = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)

_lib = binding.uclib


def _function(name: str, *argument_types: Any) -> Callable[..., int]:
    function = _lib[name]
    function.argtypes = argument_types
    function.restype = ctypes.c_int
    return function


_POINTER = ctypes.c_void_p
_reg_read_batch = _function(
    "uc_reg_read_batch", _POINTER, _POINTER, _POINTER, ctypes.c_int
)
_reg_write_batch = _function(
    "uc_reg_write_batch", _POINTER, _POINTER, _POINTER, ctypes.c_int
)
_reg_read = _function("uc_reg_read", _POINTER, ctypes.c_int, _POINTER)
_reg_write = _function("uc_reg_write", _POINTER, ctypes.c_int, _POINTER)
_emu_start = _function(
    "uc_emu_start",
    _POINTER,
    ctypes.c_uint64,
    ctypes.c_uint64,
    ctypes.c_uint64,
    ctypes.c_size_t,
)
_emu_stop = _function("uc_emu_stop", _POINTER)
_context_alloc = _function("uc_context_alloc", _POINTER, _POINTER)
_context_save = _function("uc_context_save", _POINTER, _POINTER)
_context_restore = _function("uc_context_restore", _POINTER, _POINTER)
_context_reg_read = _function("uc_context_reg_read", _POINTER, ctypes.c_int, _POINTER)
_context_size = _lib["uc_context_size"]
_context_size.argtypes = [_POINTER]
_context_size.restype = ctypes.c_size_t
_context_free = _function("uc_context_free", _POINTER)
_hook_del = _function("uc_hook_del", _POINTER, ctypes.c_size_t)
# Variadic in C, hence no argument types: every argument is wrapped by the caller.
_hook_add = _lib["uc_hook_add"]


def check(status: int) -> None:
    """Raise UcError for a status that is not UC_ERR_OK."""
    if status:
        raise UcError(status)


class Context:
    """A saved engine context, allocated once and reused."""

    def __init__(self, handle: int) -> None:
        self._pointer = ctypes.c_void_p()
        check(_context_alloc(handle, ctypes.byref(self._pointer)))
        self._handle = handle
        self._size = int(_context_size(handle))

    def image(self) -> bytes:
        """The saved bytes; their layout is the engine's own affair."""
        return ctypes.string_at(self._pointer.value or 0, self._size)

    def patch_i32(self, offset: int, value: int) -> None:
        """Overwrite one 32-bit word of the saved bytes."""
        address = (self._pointer.value or 0) + offset
        ctypes.c_int32.from_address(address).value = value

    def read_i32(self, offset: int) -> int:
        """One 32-bit word of the saved bytes."""
        return ctypes.c_int32.from_address((self._pointer.value or 0) + offset).value

    def register(self, name: str) -> int:
        """One of NAMES as it was saved."""
        value = ctypes.c_uint64()
        check(
            _context_reg_read(
                self._pointer, IDS[NAMES.index(name.lower())], ctypes.byref(value)
            )
        )
        return value.value

    def save(self) -> None:
        """Copy the engine's registers here."""
        check(_context_save(self._handle, self._pointer))

    def restore(self) -> None:
        """Copy the registers back. The caller flushes the TLB when CR3 differs."""
        check(_context_restore(self._handle, self._pointer))

    def __del__(self) -> None:
        if self._pointer:
            _context_free(self._pointer)


class Registers:
    """All registers of the model in one preallocated array; see NAMES for the order."""

    def __init__(self, handle: int) -> None:
        count = len(IDS)
        self.values = (ctypes.c_uint64 * count)()
        base = ctypes.addressof(self.values)
        self._ids = (ctypes.c_int * count)(*IDS)
        self._slots = (ctypes.c_void_p * count)(*[base + 8 * i for i in range(count)])
        self._all = (
            handle,
            ctypes.addressof(self._ids),
            ctypes.addressof(self._slots),
            count,
        )
        self._general = self._all[:3] + (len(GENERAL),)
        self._handle = handle
        self._one = ctypes.c_uint64()
        self._one_address = ctypes.addressof(self._one)
        whole = memoryview(self.values).cast("B")
        self.general_bytes = whole[: 8 * len(GENERAL)]
        self.system_bytes = whole[8 * len(GENERAL) : 8 * NAMES.index("cr2")]

    def load(self) -> None:
        """Read all registers of the engine."""
        _reg_read_batch(*self._all)

    def store_general(self) -> None:
        """Write the GPRs, RIP and RFLAGS back. Inside a hook this ends the block."""
        _reg_write_batch(*self._general)

    def read(self, index: int) -> int:
        """One register, fresh from the engine."""
        self._one.value = 0  # narrow registers fill only their own bytes
        _reg_read(self._handle, IDS[index], self._one_address)
        return self._one.value

    def write(self, index: int, value: int) -> None:
        """One register, at once."""
        self._one.value = value
        check(_reg_write(self._handle, IDS[index], self._one_address))
        self.values[index] = value


class RawEngine:
    """One Unicorn engine: start, stop, hooks, contexts."""

    def __init__(self, tcg_buffer: int = 32 << 20) -> None:
        self.uc: Any = Uc(UC_ARCH_X86, UC_MODE_64)
        # The default model draws RDRAND from the host; this one has neither RDRAND nor
        # RDSEED, so both raise #UD and are carried out as functions of the seed.
        self.uc.ctl_set_cpu_model(x86.UC_CPU_X86_SANDYBRIDGE)
        # Without this each engine reserves 1 GiB of address space and RLIMIT_AS kills it.
        self.uc.ctl_set_tcg_buffer_size(tcg_buffer)
        # Otherwise leaving looks up the `until` address, and that lookup faults.
        self.uc.ctl_exits_enabled(True)
        self.handle = handle_of(self.uc)
        self.counter = ctypes.c_uint64.from_address(self.handle + counter_offset())
        self._callbacks: dict[int, object] = {}

    def start(self, address: int, count: int) -> int:
        """Run at most count instructions; returns the engine's status."""
        return _emu_start(self.handle, address, 0, 0, count)

    def map_host_memory(self, size: int, host_address: int) -> None:
        """Physical memory from 0 on, shared with the host and other engines."""
        self.uc.mem_map_ptr(0, size, UC_PROT_ALL, host_address)

    def flush_blocks(self) -> None:
        """Drop all translated code: hooks have come or gone."""
        self.uc.ctl_flush_tb()

    def write_register(self, number: int, value: object) -> None:
        """A register that the model does not carry along (set-up only)."""
        self.uc.reg_write(number, value)

    def read_register(self, number: int) -> int:
        """A register that the model does not carry along."""
        return int(self.uc.reg_read(number))

    def vector_registers(self) -> dict[str, int]:
        """xmm0 to xmm15 and mxcsr."""
        found = {f"xmm{n}": self.read_register(number) for n, number in enumerate(_XMM)}
        return found | {"mxcsr": self.read_register(x86.UC_X86_REG_MXCSR)}

    def stop(self) -> None:
        """Leave start() after the current instruction or hook."""
        _emu_stop(self.handle)

    def hook(
        self,
        kind: int,
        callback: object,
        begin: int = 1,
        end: int = 0,
        extra: Sequence[int] = (),
    ) -> int:
        """Add a C callback; begin > end means everywhere. Returns the hook's number."""
        number = ctypes.c_size_t()
        status = _hook_add(
            ctypes.c_void_p(self.handle),
            ctypes.byref(number),
            ctypes.c_int(kind),
            callback,
            ctypes.c_void_p(0),
            ctypes.c_uint64(begin),
            ctypes.c_uint64(end),
            *[ctypes.c_int(value) for value in extra],
        )
        check(status)
        self._callbacks[number.value] = callback
        return number.value

    def unhook(self, number: int) -> None:
        """Remove a hook."""
        check(_hook_del(self.handle, number))
        # The engine frees a hook lazily, so the callback must outlive this call.
