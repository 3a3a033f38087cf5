"""The engine's C interface without an object per register or per hook call.

The Python binding wraps each callback and each register; at 100 000 hits a second
that is most of the time. Here registers go through preallocated buffers and hooks
are plain C callbacks. Facts about the engine (unicorn 2.1.4): docs/adr and
docs/engine.md.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache

import unicorn.unicorn_py3.unicorn as binding
from unicorn import UC_ARCH_X86, UC_HOOK_INTR, UC_MODE_64, Uc, UcError
from unicorn import x86_const as x86

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

_HANDLE_BYTES = 0x2000
_CALIBRATION_LOOP = bytes.fromhex("48c7c1e80300004883c00148ffc975f7f4")
_lib = binding.uclib


def _function(name: str, *argument_types: object) -> Callable[..., int]:
    function = _lib[name]
    function.argtypes = argument_types
    function.restype = ctypes.c_int
    return function  # type: ignore[no-any-return]  # ctypes is untyped here


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


def handle_of(uc: Uc) -> int:
    """The engine's handle as an integer."""
    handle = uc._uch
    return int(getattr(handle, "value", handle))


@lru_cache(maxsize=1)
def counter_offset() -> int:
    """Offset in the handle of the executed-instruction counter (decisions D1).

    Found by running three different counts and keeping the one word that follows.
    Raises RuntimeError when the engine has no such word.
    """
    found: set[int] | None = None
    for count in (7, 13, 29):
        uc = Uc(UC_ARCH_X86, UC_MODE_64)
        uc.ctl_set_tcg_buffer_size(1 << 20)
        uc.mem_map(0x1000, 0x1000)
        uc.mem_write(0x1000, _CALIBRATION_LOOP)
        uc.emu_start(0x1000, 0x1000 + len(_CALIBRATION_LOOP) - 1, count=count)
        image = ctypes.string_at(handle_of(uc), _HANDLE_BYTES)
        words = struct.unpack(f"<{_HANDLE_BYTES // 8}Q", image)
        offsets = {8 * i for i, word in enumerate(words) if word == count + 1}
        found = offsets if found is None else found & offsets
    if found is None or len(found) != 1:
        raise RuntimeError(f"the engine's instruction counter was not found: {found}")
    return found.pop()


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
        self.general_bytes = memoryview(self.values).cast("B")[: 8 * len(GENERAL)]

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
        self.uc = Uc(UC_ARCH_X86, UC_MODE_64)
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


@lru_cache(maxsize=1)
def pending_exception_offset() -> int:
    """Offset in a saved context of the exception that the engine thinks is being served.

    The engine clears it only when it delivers through an IDT; ours never does, so a
    second fault would become a double fault. Found by provoking #DE and #GP.
    Raises RuntimeError when the engine has no such word.
    """
    before, after_divide = _context_after("31c9f7f1", 0)
    _, after_protection = _context_after("66b834128ed8", 13)
    offsets = [
        i
        for i in range(0, len(before) - 3, 4)
        if before[i : i + 4] == b"\xff\xff\xff\xff"
        and after_divide[i : i + 4] == b"\0\0\0\0"
        and after_protection[i : i + 4] == b"\x0d\0\0\0"
    ]
    if len(offsets) != 1:
        raise RuntimeError(f"the engine's pending exception was not found: {offsets}")
    return offsets[0]


def _context_after(code: str, vector: int) -> tuple[bytes, bytes]:
    """Context images of a scratch engine before and after code that faults."""
    engine = RawEngine(1 << 20)
    engine.uc.mem_map(0x1000, 0x1000)
    engine.uc.mem_write(0x1000, bytes.fromhex(code))
    seen: list[int] = []

    def on_interrupt(_handle: int, number: int, _data: int) -> None:
        seen.append(number)
        engine.stop()

    callback = INTERRUPT_CALLBACK(on_interrupt)
    engine.hook(UC_HOOK_INTR, callback)
    context = Context(engine.handle)
    context.save()
    before = context.image()
    engine.start(0x1000, 5)
    context.save()
    if seen != [vector]:
        raise RuntimeError(f"calibration expected exception {vector}, saw {seen}")
    return before, context.image()


#: Lazy-flags state "RFLAGS stand in the flags word", the engine's number for it.
FLAGS_SETTLED = 1


@lru_cache(maxsize=1)
def flags_state_offset() -> int:
    """Offset in a saved context of the word that says how flags are to be computed.

    With instructions being counted the engine settles the flags before each one, but
    on leaving in the middle of an instruction restores the word from before that:
    flags then read wrong. Found by CMP and ADD, each followed by a write of RFLAGS.
    Raises RuntimeError when the engine has no such word.
    """
    candidates: set[int] | None = None
    for code in ("4839c8", "4801c8"):
        engine = RawEngine(1 << 20)
        engine.uc.mem_map(0x1000, 0x1000)
        engine.uc.mem_write(0x1000, bytes.fromhex(code) + b"\x90" * 8)
        engine.uc.reg_write(x86.UC_X86_REG_RAX, 0x5A5A5A5A5A5A5A5A)
        engine.uc.reg_write(x86.UC_X86_REG_RCX, 0x3C3C3C3C3C3C3C3C)
        engine.start(0x1000, 1)
        context = Context(engine.handle)
        context.save()
        lazy = context.image()
        engine.uc.reg_write(x86.UC_X86_REG_EFLAGS, 0x202)
        context.save()
        settled = context.image()
        found = {
            i
            for i in range(0, len(lazy) - 3, 4)
            if 1 < int.from_bytes(lazy[i : i + 4], "little") < 64
            and int.from_bytes(settled[i : i + 4], "little") == FLAGS_SETTLED
        }
        candidates = found if candidates is None else candidates & found
    if candidates is None or len(candidates) != 1:
        raise RuntimeError(f"the engine's flags word was not found: {candidates}")
    return candidates.pop()
