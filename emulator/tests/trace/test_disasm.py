"""Disassembly around an address."""

from __future__ import annotations

from emulator.trace.disasm import Line, Segment, Symbols, disassemble

BASE = 0x401000
# endbr64; push %rbp; mov %rsp,%rbp; addl $1,counter(%rip); add $8,%rax; pop; ret; call
CODE = bytes.fromhex("f30f1efa 55 4889e5 8305e10e000001 4883c008 5d c3 e8eaffffff")
AFTER_STORE = BASE + 15
SYMBOLS = Symbols({"tick": BASE, "counter": 0x401EF0})


def lines(rip: int = AFTER_STORE, trap: str = "write", **window: int) -> list[Line]:
    return disassemble([Segment(BASE, CODE)], SYMBOLS, rip, trap=trap, **window)


def marked(mark: str, found: list[Line]) -> list[int]:
    return [line.address for line in found if line.mark == mark]


def test_the_line_at_rip_is_marked() -> None:
    assert marked("rip", lines()) == [AFTER_STORE]


def test_the_store_before_rip_is_the_trapping_one() -> None:
    assert marked("trap", lines()) == [BASE + 8]


def test_an_execute_breakpoint_marks_the_instruction_at_rip() -> None:
    assert marked("trap", lines(trap="fault")) == [AFTER_STORE]


def test_an_instruction_without_memory_operand_is_not_blamed() -> None:
    assert marked("trap", lines(rip=BASE + 19)) == []


def test_rip_relative_operands_show_the_symbol() -> None:
    store = next(line for line in lines() if line.mark == "trap")

    assert ("counter", True) in store.operands


def test_a_branch_target_shows_symbol_and_offset() -> None:
    call = lines()[-1]

    assert call.operands == [("tick+0x4", True)]


def test_a_symbol_labels_its_first_instruction() -> None:
    assert lines()[0].label == "tick"


def test_the_window_is_bounded() -> None:
    assert len(lines(before=1, after=1)) == 3


def test_without_symbols_the_stretch_before_rip_still_ends_at_rip() -> None:
    found = disassemble([Segment(BASE, CODE)], Symbols({}), AFTER_STORE, trap="write")

    assert marked("trap", found) == [BASE + 8]


def test_an_address_outside_the_image_has_no_lines() -> None:
    assert lines(rip=0x7000) == []


def test_a_far_symbol_names_nothing() -> None:
    assert SYMBOLS.name(0x900000) == ""


def test_an_address_inside_a_symbol_has_an_offset() -> None:
    assert SYMBOLS.name(BASE + 15) == "tick+0xf"
