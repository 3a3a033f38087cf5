"""Assembly text to a static ELF64 image with GNU as and ld.

AT&T syntax unless the text says ``.intel_syntax noprefix``. The text is somebody's: the
tools run confined, see confine.py. Where the kernel cannot keep them from reading other
files, texts that could read one are refused.
"""

from __future__ import annotations

import re
import signal
import tempfile
from dataclasses import dataclass
from pathlib import Path

from emulator.errors import AssemblyError, ImageError
from emulator.programs.elf import load_elf
from emulator.programs.toolchain import Finished, can_confine, run_confined

MAX_SOURCE = 1 << 20
MAX_SHOWN = 5

#: Where programs are linked; kernel-mode ones go to the Linux kernel's text address.
USER_BASE = 0x400000
KERNEL_BASE = 0xFFFF_FFFF_8100_0000

_MESSAGE = re.compile(
    r"^program\.s:(?P<line>\d+): (?:Error|Fatal error): (?P<text>.*)$"
)
_FATAL = re.compile(r"^(?:\S+: )*(?:Error|Fatal error|fatal error): (?P<text>.*)$")
_UNDEFINED = re.compile(r"^.*?(?P<text>undefined reference to .*)$")
_LINKER = re.compile(r"^\S*ld(?:\.bfd)?: (?!warning|program\.o: in )(?P<text>.*)$")
_NO_FILE = re.compile(r"file not found|can't open .* for reading")

#: Directives that read files, and those that can build such a directive out of pieces.
_READS_FILES = re.compile(
    r"\b(?P<word>incbin|include|macro|irpc?|rept|altmacro|mri)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Message:
    line: int | None
    text: str


def assemble(source: str, *, base: int = USER_BASE) -> bytes:
    """The ELF64 image of this text, linked at base.

    Raises AssemblyError (with the first line at fault) or ToolMissing.
    """
    data = _checked(source)
    with tempfile.TemporaryDirectory(prefix="assemble-") as name:
        folder = Path(name)
        (folder / "program.s").write_bytes(data)
        done = run_confined("as", ["--64", "-o", "program.o", "program.s"], folder)
        _check("assembler", done, folder / "program.o")
        done = run_confined("ld", _link_arguments(base), folder)
        _check("linker", done, folder / "program")
        image = (folder / "program").read_bytes()
    try:
        load_elf(image)
    except ImageError as error:
        raise AssemblyError(f"the program cannot be loaded: {error.detail}") from error
    return image


def _link_arguments(base: int) -> list[str]:
    return [
        *("-static", "-nostdlib", "-m", "elf_x86_64", "--build-id=none"),
        *("-z", "max-page-size=4096", "-z", "separate-code", "-z", "noexecstack"),
        *(f"-Ttext-segment={base:#x}", "-e", "_start", "-o", "program", "program.o"),
    ]


def _checked(source: str) -> bytes:
    try:
        data = source.encode()
    except UnicodeEncodeError as error:
        raise AssemblyError("the text has a lone surrogate") from error
    if len(data) > MAX_SOURCE:
        raise AssemblyError(f"{len(data)} bytes; allowed: at most {MAX_SOURCE}")
    if b"\0" in data:
        raise AssemblyError("the text has a NUL byte", line=_line_of(source, "\0"))
    reader = None if can_confine() else find_file_reader(source)
    if reader:
        raise reader
    return data + b"\n"


def find_file_reader(source: str) -> AssemblyError | None:
    """The error for text that could make the assembler read a file, or None.

    For hosts without Landlock. A directive can be put together inside a macro
    (``.inc\\x``), so macros are refused with it.
    """
    found = _READS_FILES.search(source)
    if not found:
        return None
    return AssemblyError(
        f"{found['word']} is not allowed on this host: it cannot keep the assembler "
        f"from reading files",
        line=source.count("\n", 0, found.start()) + 1,
    )


def _line_of(source: str, part: str) -> int:
    return source.count("\n", 0, source.index(part)) + 1


def _check(tool: str, done: Finished, product: Path) -> None:
    """Raise AssemblyError unless the tool succeeded and left its product."""
    if done.timed_out or done.status in (-signal.SIGXCPU, -signal.SIGKILL):
        raise AssemblyError(f"the {tool} was stopped: it needed too much time")
    if done.status == -signal.SIGXFSZ:
        raise AssemblyError(f"the {tool} was stopped: the program grew too large")
    if done.status == 0 and product.is_file():
        return
    messages = _messages(done.messages)
    if not messages:
        raise AssemblyError(f"the {tool} failed with status {done.status}")
    shown = [f"line {m.line}: {m.text}" if m.line else m.text for m in messages]
    more = len(shown) - MAX_SHOWN
    detail = "; ".join(shown[:MAX_SHOWN]) + (f"; and {more} more" if more > 0 else "")
    raise AssemblyError(
        detail, line=next((m.line for m in messages if m.line is not None), None)
    )


def _explained(text: str) -> str:
    if _NO_FILE.search(text):
        return f"{text} (the assembler can read no files of this machine)"
    return text


def _messages(text: str) -> list[_Message]:
    found = []
    for line in text.splitlines():
        match = _MESSAGE.match(line)
        other = _UNDEFINED.match(line) or _FATAL.match(line) or _LINKER.match(line)
        if match:
            found.append(_Message(int(match["line"]), _explained(match["text"])))
        elif other:
            found.append(_Message(None, other["text"]))
        elif "memory exhausted" in line or "out of memory" in line:
            found.append(_Message(None, "the program needs too much memory"))
    return found
