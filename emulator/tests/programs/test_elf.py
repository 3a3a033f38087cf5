"""What the ELF64 loader makes of a file, and which field it blames."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.errors import ImageError
from emulator.programs import load_elf
from emulator.programs.assemble import assemble
from emulator.programs.image import SymbolKind
from emulator.tests.programs.assembling import needs_assembler
from emulator.tests.programs.elf_files import ElfFile, Load

STACKED = "_start: nop\n.type f,@function\nf: ret\n.size f,1\n.bss\n.lcomm big,5000\n"


@pytest.fixture(scope="module")
def image() -> bytes:
    """A linked program with a function and a bss."""
    return assemble(STACKED)


def test_a_small_file_becomes_one_segment() -> None:
    (segment,) = load_elf(ElfFile().pack()).segments

    assert (segment.address, segment.data) == (0x401000, b"\x90" * 16)


def test_the_rights_are_those_of_the_header() -> None:
    segment = load_elf(ElfFile().pack()).segments[0]

    assert (segment.read, segment.write, segment.execute) == (True, False, True)


def test_memory_beyond_the_file_is_part_of_the_segment() -> None:
    program = load_elf(ElfFile(loads=[Load(memsz=0x2000)]).pack())

    assert program.end == 0x403000


def test_a_file_without_sections_has_no_symbols() -> None:
    assert load_elf(ElfFile().pack()).symbols == {}


@needs_assembler
def test_a_function_has_kind_and_size(image: bytes) -> None:
    symbol = load_elf(image).symbols["f"]

    assert (symbol.kind, symbol.size) == (SymbolKind.func, 1)


@needs_assembler
def test_a_label_is_a_symbol_too(image: bytes) -> None:
    assert load_elf(image).symbols["_start"].address == 0x401000


@needs_assembler
def test_the_program_headers_are_found_in_memory(image: bytes) -> None:
    assert load_elf(image).phdr_address == 0x400040


@pytest.mark.parametrize(
    ("file", "name"),
    [
        pytest.param(ElfFile(magic=b"MZ\0\0"), "e_ident", id="no-elf"),
        pytest.param(ElfFile(size=40), "e_ident", id="cut-in-header"),
        pytest.param(ElfFile(elf_class=1), "EI_CLASS", id="32-bit"),
        pytest.param(ElfFile(encoding=2), "EI_DATA", id="big-endian"),
        pytest.param(ElfFile(version=0), "EI_VERSION", id="version"),
        pytest.param(ElfFile(machine=183), "e_machine", id="aarch64"),
        pytest.param(ElfFile(type=1), "e_type", id="object-file"),
        pytest.param(ElfFile(type=3), "e_type", id="pie"),
        pytest.param(ElfFile(phentsize=32), "e_phentsize", id="entry-size"),
        pytest.param(ElfFile(loads=[]), "e_phnum", id="no-headers"),
        pytest.param(ElfFile(loads=[Load()] * 65), "e_phnum", id="many-headers"),
        pytest.param(ElfFile(phoff=1 << 63), "e_phoff", id="headers-outside"),
        pytest.param(ElfFile(size=100), "e_phoff", id="cut-in-headers"),
        pytest.param(ElfFile(size=0x204), "phdr[0].p_offset", id="cut-in-segment"),
        pytest.param(ElfFile(loads=[Load(type=3)]), "p_type", id="interpreter"),
        pytest.param(
            ElfFile(loads=[Load(), Load(type=2)]), "p_type", id="dynamic-section"
        ),
        pytest.param(ElfFile(loads=[Load(type=4)]), "p_type", id="nothing-to-load"),
        pytest.param(ElfFile(loads=[Load(memsz=8)]), "phdr[0].p_filesz", id="filesz"),
        pytest.param(ElfFile(loads=[Load(memsz=1 << 40)]), "p_memsz", id="huge"),
        pytest.param(ElfFile(loads=[Load(vaddr=0)]), "phdr[0].p_vaddr", id="null"),
        pytest.param(
            ElfFile(loads=[Load(vaddr=1 << 47)]), "phdr[0].p_vaddr", id="non-canonical"
        ),
        pytest.param(
            ElfFile(loads=[Load(vaddr=(1 << 64) - 8)]), "phdr[0].p_vaddr", id="wraps"
        ),
        pytest.param(
            ElfFile(loads=[Load(), Load(vaddr=0x401008)]),
            "phdr[1].p_vaddr",
            id="overlap",
        ),
        pytest.param(
            ElfFile(loads=[Load(), Load(vaddr=0xFFFFFFFF81000000)]),
            "phdr[1].p_vaddr",
            id="both-halves",
        ),
        pytest.param(ElfFile(entry=0x500000), "e_entry", id="entry-outside"),
        pytest.param(ElfFile(loads=[Load(flags=6)]), "e_entry", id="entry-in-data"),
    ],
)
def test_a_bad_file_is_refused_with_its_field(file: ElfFile, name: str) -> None:
    with pytest.raises(ImageError) as caught:
        load_elf(file.pack())

    assert caught.value.field == name


def test_a_file_over_the_limit_is_refused() -> None:
    with pytest.raises(ImageError, match="at most"):
        load_elf(b"\x7fELF" + bytes(100 << 20))


def test_a_dynamic_program_of_this_host_is_refused() -> None:
    shell = Path("/bin/sh").resolve().read_bytes()

    with pytest.raises(ImageError) as caught:
        load_elf(shell)

    assert caught.value.field in ("p_type", "e_machine", "EI_CLASS", "e_ident")


@needs_assembler
@given(data=st.data())
@settings(max_examples=300, deadline=None, derandomize=True)
def test_changed_bytes_give_a_program_or_an_image_error(
    image: bytes, data: st.DataObject
) -> None:
    broken = bytearray(image)
    sections = int.from_bytes(image[40:48], "little")
    places = st.integers(0, 0x120) | st.integers(sections, len(image) - 1)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(places)] = data.draw(st.integers(0, 255))

    with contextlib.suppress(ImageError):
        assert load_elf(bytes(broken)).segments


@needs_assembler
@given(cut=st.integers(0, 9000))
@settings(max_examples=100, deadline=None, derandomize=True)
def test_a_file_cut_anywhere_gives_a_program_or_an_image_error(
    image: bytes, cut: int
) -> None:
    with contextlib.suppress(ImageError):
        assert load_elf(image[:cut]).segments
