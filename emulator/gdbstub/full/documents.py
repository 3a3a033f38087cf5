"""The XML documents that gdb reads: target description, threads, memory map."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from xml.sax.saxutils import quoteattr

from emulator.gdbstub.full.threads import describe, thread_text
from emulator.gdbstub.registers import (
    CORE,
    DEBUG,
    SSE,
    Feature,
    Register,
    offered_features,
)
from emulator.gdbstub.target import MemoryRegion, Task

#: Bits by name. Intel SDM vol. 1, 3.4.3 and 10.2.3; vol. 3, 18.2.
_EFLAGS = {"CF": 0, "PF": 2, "AF": 4, "ZF": 6, "SF": 7, "TF": 8, "IF": 9, "DF": 10}
_EFLAGS |= {"OF": 11, "RF": 16, "VM": 17, "AC": 18, "VIF": 19, "VIP": 20, "ID": 21}
_MXCSR = {"IE": 0, "DE": 1, "ZE": 2, "OE": 3, "UE": 4, "PE": 5, "DAZ": 6, "IM": 7}
_MXCSR |= {"DM": 8, "ZM": 9, "OM": 10, "UM": 11, "PM": 12, "FZ": 15}
_DR6 = {"B0": 0, "B1": 1, "B2": 2, "B3": 3, "BD": 13, "BS": 14, "BT": 15}
_DR7 = {f"{letter}{n}": 2 * n + b for n in range(4) for b, letter in enumerate("LG")}
_DR7 |= {"LE": 8, "GE": 9, "GD": 13}
_DR7_PAIRS = {f"RW{n}": 16 + 4 * n for n in range(4)}
_DR7_PAIRS |= {f"LEN{n}": 18 + 4 * n for n in range(4)}
#: A task may call itself anything; these would spoil the whole document.
_NOT_XML = re.compile("[^ -~\xa0-\ud7ff\ue000-\ufffd]")


def _flags(name: str, bits: Mapping[str, int], pairs: Mapping[str, int] = {}) -> str:
    """A 32-bit type of single bits and of fields of two bits."""
    single = "".join(
        f'<field name="{n}" start="{b}" end="{b}"/>' for n, b in bits.items()
    )
    double = "".join(
        f'<field name="{n}" start="{b}" end="{b + 1}" type="uint64"/>'
        for n, b in pairs.items()
    )
    return f'<flags id="{name}" size="4">{single}{double}</flags>'


def _vec128() -> str:
    parts = {
        "v4_float": ("ieee_single", 4),
        "v2_double": ("ieee_double", 2),
        "v16_int8": ("int8", 16),
        "v8_int16": ("int16", 8),
        "v4_int32": ("int32", 4),
        "v2_int64": ("int64", 2),
    }
    vectors = "".join(
        f'<vector id="{name}" type="{kind}" count="{count}"/>'
        for name, (kind, count) in parts.items()
    )
    fields = "".join(f'<field name="{name}" type="{name}"/>' for name in parts)
    whole = '<field name="uint128" type="uint128"/>'
    return f'{vectors}<union id="vec128">{fields}{whole}</union>'


_TYPES = {
    CORE.name: _flags("i386_eflags", _EFLAGS),
    SSE.name: _vec128() + _flags("i386_mxcsr", _MXCSR),
    DEBUG.name: _flags("hwbp_dr6", _DR6) + _flags("hwbp_dr7", _DR7, _DR7_PAIRS),
}


def target_description(names: Collection[str]) -> str:
    """target.xml of a target that has these registers."""
    features = "".join(map(_feature, offered_features(names)))
    return (
        '<?xml version="1.0"?><!DOCTYPE target SYSTEM "gdb-target.dtd">'
        '<target version="1.0"><architecture>i386:x86-64</architecture>'
        f"{features}</target>"
    )


def _feature(feature: Feature) -> str:
    registers = "".join(map(_register, feature.registers))
    types = _TYPES.get(feature.name, "")
    return f'<feature name="{feature.name}">{types}{registers}</feature>'


def _register(register: Register) -> str:
    group = f' group="{register.group}"' if register.group else ""
    return (
        f'<reg name="{register.name}" bitsize="{register.bits}" '
        f'type="{register.type}"{group}/>'
    )


def threads(tasks: Iterable[Task]) -> str:
    """The document of qXfer:threads."""
    lines = "".join(map(_thread, tasks))
    return f'<?xml version="1.0"?><threads>{lines}</threads>'


def _thread(task: Task) -> str:
    core = f' core="{task.cpu}"' if task.cpu is not None else ""
    name = quoteattr(_NOT_XML.sub("?", task.comm))
    number = thread_text(task.thread_id).decode()
    return f'<thread id="{number}"{core} name={name}>{describe(task)}</thread>'


def memory_map(regions: Iterable[MemoryRegion]) -> str:
    """The document of qXfer:memory-map."""
    lines = "".join(
        f'<memory type="{r.kind}" start="{r.start:#x}" length="{r.length:#x}"/>'
        for r in regions
    )
    return f'<?xml version="1.0"?><memory-map>{lines}</memory-map>'
