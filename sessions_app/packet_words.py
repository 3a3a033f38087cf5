"""A packet of the GDB protocol in one line of words, where that is easy.

Source of the meanings: appendix E of gdb's manual. What is not known here has no words;
the packet itself stands beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from hwbp.rsp import Broken, parse_stop

Name = Callable[[int], str]

_REGISTERS = [
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
    "eflags",
    "cs",
    "ss",
    "ds",
    "es",
    "fs",
    "gs",
]
_POINTS = {
    b"0": "software breakpoint",
    b"1": "hardware breakpoint",
    b"2": "write watchpoint",
    b"3": "read watchpoint",
    b"4": "access watchpoint",
}
_WHOLE: Mapping[bytes, str] = {
    b"?": "why did it stop?",
    b"g": "read all registers",
    b"c": "continue",
    b"s": "step",
    b"D": "detach",
    b"k": "kill",
    b"qC": "which thread is it?",
    b"qfThreadInfo": "list the threads",
    b"qsThreadInfo": "list more threads",
    b"QStartNoAckMode": "no more acknowledgements",
    b"qAttached": "attached, or started by the stub?",
    b"qTStatus": "is a trace under way?",
    b"qOffsets": "where are the sections?",
    b"vMustReplyEmpty": "is unknown answered as unknown?",
    b"vCont?": "how can it be resumed?",
    b"qSymbol::": "symbols are on offer",
    b"R0": "restart",
}
_TEMPLATES: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (
        re.compile(
            rb"(?P<verb>[mx])(?P<address>[0-9a-f]{1,16}),(?P<length>[0-9a-f]{1,16})"
        ),
        "read {length} at {address}",
    ),
    (
        re.compile(
            rb"[MX](?P<address>[0-9a-f]{1,16}),(?P<length>[0-9a-f]{1,16}):.*", re.DOTALL
        ),
        "write {length} at {address}",
    ),
    (
        re.compile(
            rb"Z(?P<point>[0-4]),(?P<address>[0-9a-f]{1,16}),(?P<size>[0-9a-f]{1,16}).*"
        ),
        "set {point} at {address}",
    ),
    (
        re.compile(
            rb"z(?P<point>[0-4]),(?P<address>[0-9a-f]{1,16}),(?P<size>[0-9a-f]{1,16}).*"
        ),
        "remove {point} at {address}",
    ),
    (re.compile(rb"p(?P<register>[0-9a-f]{1,8})"), "read {register}"),
    (re.compile(rb"P(?P<register>[0-9a-f]{1,8})=.*"), "write {register}"),
    (re.compile(rb"G.*"), "write all registers"),
    (re.compile(rb"H[gc](?P<thread>-?[0-9a-f]{1,8})"), "choose {thread}"),
    (re.compile(rb"T(?P<thread>-?[0-9a-f]{1,8})"), "is {thread} alive?"),
    (re.compile(rb"qThreadExtraInfo,(?P<thread>-?[0-9a-f]{1,8})"), "what is {thread}?"),
    (re.compile(rb"vCont;[cC].*"), "continue"),
    (
        re.compile(rb"vCont;[sS][0-9a-f]*:(?P<thread>-?[0-9a-f]{1,8}).*"),
        "step {thread}",
    ),
    (re.compile(rb"vCont;[sS].*"), "step"),
    (re.compile(rb"C(?P<signal>[0-9a-f]{2}).*"), "continue with signal {signal}"),
    (re.compile(rb"S(?P<signal>[0-9a-f]{2}).*"), "step with signal {signal}"),
    (re.compile(rb"D;.*"), "detach"),
    (re.compile(rb"qSupported.*"), "what the client can"),
    (re.compile(rb"qXfer:(?P<object>[a-z-]+):read:.*"), "read the {object}"),
    (re.compile(rb"qRcmd,(?P<text>[0-9a-f]+)"), "monitor {text}"),
)
_CURRENT = re.compile(rb"QC-?[0-9a-f]{1,8}")
_HEX = re.compile(rb"(?:[0-9a-f]{2})+")


def packet_in_words(data: bytes, *, to_debugger: bool, name: Name) -> str:
    """What it says, or nothing. name: an address as people know it."""
    return _reply(data) if to_debugger else _command(data, name)


def packet_text(data: bytes) -> str:
    """The packet as it can be shown: bytes that are no text as \\x…"""
    return "".join(chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}" for b in data)


def _command(data: bytes, name: Name) -> str:
    if data in _WHOLE:
        return _WHOLE[data]
    for pattern, words in _TEMPLATES:
        found = pattern.fullmatch(data)
        if found is not None:
            given = {
                key: _told(key, value, name) for key, value in found.groupdict().items()
            }
            return words.format(**given)
    return ""


def _told(key: str, value: bytes, name: Name) -> str:
    if key == "address":
        return name(int(value, 16))
    if key == "length":
        return _bytes(int(value, 16))
    if key == "point":
        return _POINTS[value]
    if key == "register":
        number = int(value, 16)
        known = number < len(_REGISTERS)
        return _REGISTERS[number] if known else f"register {number}"
    if key == "thread":
        return _thread(value)
    if key == "signal":
        return str(int(value, 16))
    if key == "text":
        return _from_hex(value)
    return value.decode("latin-1").replace("-", " ")


def _thread(value: bytes) -> str:
    number = int(value, 16)
    if number in (0, -1):
        return "any thread" if number == 0 else "all threads"
    if number >> 31 == 1:
        number -= 1 << 32
    # Idle CPUs go by -2 - cpu (docs/gdb-protocol.md).
    return f"CPU {-2 - number}" if number < -1 else f"thread {number}"


def _reply(data: bytes) -> str:
    if not data:
        return "not supported"
    if data == b"OK":
        return "done"
    if data.startswith(b"E."):
        return f"error: {packet_text(data[2:])}"
    if data[:1] == b"E" and len(data) == 3:
        return f"error {packet_text(data[1:])}"
    try:
        stop = parse_stop(data) if len(data) == 3 or data[:1] == b"T" else None
    except Broken:
        stop = None
    if stop is not None:
        where = (
            ""
            if stop.thread is None
            else f" in {_thread(b'%x' % (stop.thread & 0xFFFFFFFF))}"
        )
        return f"stopped: {stop.words}{where}" if not stop.exited else stop.words
    if data[:1] == b"O" and _HEX.fullmatch(data[1:]):
        return f"says: {_from_hex(data[1:])}"
    if _CURRENT.fullmatch(data):
        return _thread(data[2:])
    return _bytes(len(data) // 2) if _HEX.fullmatch(data) else ""


def _from_hex(digits: bytes) -> str:
    text = bytes.fromhex(digits.decode("ascii") if len(digits) % 2 == 0 else "")
    return packet_text(text.rstrip())


def _bytes(count: int) -> str:
    return f"{count} byte{'' if count == 1 else 's'}"
