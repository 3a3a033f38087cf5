"""Assembly text to ELF64, and everything that such a text may try."""

from __future__ import annotations

import pytest

from emulator.errors import AssemblyError
from emulator.programs import load_elf
from emulator.programs.assemble import KERNEL_BASE, assemble, find_file_reader
from emulator.tests.programs.assembling import needs_assembler

pytestmark = needs_assembler

COUNTER = """
        .globl _start
_start: incl counter(%rip)
        mov $60, %eax
        syscall
        .data
        .type counter, @object
        .size counter, 4
counter: .long 5
"""


def refusal(source: str) -> AssemblyError:
    """The error that this text meets."""
    with pytest.raises(AssemblyError) as caught:
        assemble(source)
    return caught.value


def test_the_default_sections_become_segments_of_their_own() -> None:
    segments = load_elf(assemble(COUNTER)).segments

    assert [(hex(s.address), s.execute, s.write) for s in segments[1:]] == [
        ("0x401000", True, False),
        ("0x402000", False, True),
    ]


def test_symbols_keep_address_and_size() -> None:
    counter = load_elf(assemble(COUNTER)).symbols["counter"]

    assert (counter.address, counter.size) == (0x402000, 4)


def test_the_same_text_gives_the_same_bytes() -> None:
    assert assemble(COUNTER) == assemble(COUNTER)


def test_intel_syntax_is_understood() -> None:
    intel = ".intel_syntax noprefix\n_start: mov eax, 60\n syscall\n"
    att = "_start: mov $60, %eax\n syscall\n"

    one, other = load_elf(assemble(intel)), load_elf(assemble(att))
    assert one.segments[1].data == other.segments[1].data


def test_kernel_programs_link_in_the_upper_half() -> None:
    program = load_elf(
        assemble("_start: mov $x, %rdi\n.data\nx: .quad 1\n", base=KERNEL_BASE)
    )

    assert program.entry == KERNEL_BASE + 0x1000


def test_a_syntax_error_names_its_line() -> None:
    error = refusal("nop\n foo %rax\n mov $1, %zax\n")

    assert error.line == 2
    assert error.detail == (
        "line 2: no such instruction: `foo %rax'; line 3: bad register name `%zax'"
    )


def test_many_errors_are_counted() -> None:
    assert "more" in refusal("foo\n" * 50).detail


def test_an_undefined_symbol_is_named() -> None:
    assert (
        refusal("_start: call nowhere\n").detail == "undefined reference to `nowhere'"
    )


def test_an_empty_text_has_nothing_to_load() -> None:
    assert "nothing to load" in refusal("").detail


def test_a_nul_byte_names_its_line() -> None:
    assert refusal("nop\nnop\0\n").line == 2


def test_a_text_over_the_limit_is_refused() -> None:
    assert "at most" in refusal("nop\n" * 300_000).detail


@pytest.mark.parametrize(
    "source",
    [
        pytest.param('.incbin "/etc/passwd"\n', id="incbin"),
        pytest.param('.include "/etc/hostname"\n', id="include"),
        pytest.param('.incbin "../../etc/passwd"\n', id="relative"),
        pytest.param('.incbin "/proc/self/environ"\n', id="proc"),
        pytest.param('.include "/dev/stdin"\n', id="stdin"),
        pytest.param('.incbin "/dev/zero"\n', id="device"),
        pytest.param('.macro m x\n.inc\\x "/etc/passwd"\n.endm\nm bin\n', id="macro"),
        pytest.param('.irp x,bin\n.inc\\x "/etc/passwd"\n.endr\n', id="irp"),
    ],
)
def test_no_file_of_the_host_can_be_read(source: str) -> None:
    detail = refusal(source).detail

    assert "can read no files" in detail or "not allowed on this host" in detail


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param(".rept 1000000000\nnop\n.endr\n", "too much", id="rept"),
        pytest.param(".zero 10000000000\n", "too large", id="zero"),
        pytest.param(".org 0x7fffffffffff\n", "too large", id="org"),
        pytest.param('.include "program.s"\n', "Too many open files", id="itself"),
        pytest.param(".macro m\nm\n.endm\nm\n", "too deeply", id="recursion"),
    ],
)
def test_a_bomb_is_stopped_with_a_reason(source: str, reason: str) -> None:
    assert reason in refusal(source).detail


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ('nop\n.incbin "x"\n', 2),
        ('.INCLUDE "x"\n', 1),
        (".macro m x\n.inc\\x\n.endm\n", 1),
        ("nop\nnop\n.irpc c,abc\n", 3),
        (".mri 1\n include x\n", 1),
    ],
)
def test_without_landlock_directives_that_read_are_refused(
    source: str, line: int
) -> None:
    error = find_file_reader(source)

    assert error is not None
    assert error.line == line


def test_without_landlock_a_usual_program_passes() -> None:
    assert find_file_reader(COUNTER) is None
