"""The snapshot: all registers of one CPU at one event, 376 little-endian bytes.

Layout (docs/events.md): seq u64, task u32, cpu u8, moment u8, flags u16, then
45 u64 words in the order of WORDS. Hardware stands beside what the kernel believes
(shadow state), because the product is about the two parting.
"""

from __future__ import annotations

import struct
from enum import IntEnum

GENERAL = [
    "rax",
    "rbx",
    "rcx",
    "rdx",
    "rsi",
    "rdi",
    "rbp",
    "rsp",
    "r8",
    "r9",
    "r10",
    "r11",
    "r12",
    "r13",
    "r14",
    "r15",
    "rip",
    "rflags",
]
SYSTEM = ["fs_base", "gs_base", "cr3", "selectors"]  # cs | ss<<16 | ds<<32 | es<<48
DEBUG = ["dr0", "dr1", "dr2", "dr3", "dr6", "dr7"]
SHADOW = [
    "cpu_dr7",
    "cpu_debugreg0",
    "cpu_debugreg1",
    "cpu_debugreg2",
    "cpu_debugreg3",
    "bp_per_reg0",  # 1 + index of the breakpoint in the recipe, 0 = none
    "bp_per_reg1",
    "bp_per_reg2",
    "bp_per_reg3",
    "virtual_dr6",
    "ptrace_dr7",
]
KGDB = ["breakinfo0", "breakinfo1", "breakinfo2", "breakinfo3", "breakinfo_meta"]
RESERVED = ["reserved0"]
WORDS = GENERAL + SYSTEM + DEBUG + SHADOW + KGDB + RESERVED

SNAPSHOT = struct.Struct(f"<QIBBH{len(WORDS)}Q")
SNAPSHOT_SIZE = SNAPSHOT.size


class Moment(IntEnum):
    """When a snapshot was taken (decisions D6)."""

    hit_entry = 1
    debugger_enter = 2
    debugger_leave = 3
    after_iret = 4
    run_end = 5
