"""Where the engine keeps what its interface does not tell (unicorn 2.1.4).

Each place is found by provoking it and comparing images; when that fails the start fails.
docs/engine.md says why each is needed.
"""

from __future__ import annotations

from functools import lru_cache

from unicorn import UC_HOOK_INTR
from unicorn import x86_const as x86

from emulator.target.raw import INTERRUPT_CALLBACK, Context, RawEngine


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


#: Set in the engine's own flags while an instruction stands in an interrupt shadow.
SHADOW_BIT = 1 << 3


@lru_cache(maxsize=1)
def shadow_offset() -> int:
    """Offset in a saved context of the word with SHADOW_BIT. Found by MOV SS.

    Raises RuntimeError when the engine has no such word.
    """
    engine = RawEngine(1 << 20)
    engine.uc.mem_map(0x1000, 0x1000)
    engine.uc.mem_write(0x1000, bytes.fromhex("31c0 8ed0 90 90 90".replace(" ", "")))
    context = Context(engine.handle)
    images = []
    for address in (0x1000, 0x1002, 0x1004):
        engine.start(address, 1)
        context.save()
        images.append(context.image())
    found = [i for i in range(0, len(images[0]) - 3, 4) if _shadow(images, i)]
    if len(found) != 1:
        raise RuntimeError(f"the engine's interrupt shadow was not found: {found}")
    return found[0]


def _shadow(images: list[bytes], at: int) -> bool:
    before, inside, after = (int.from_bytes(i[at : at + 4], "little") for i in images)
    return inside == after | SHADOW_BIT and not (before | after) & SHADOW_BIT
