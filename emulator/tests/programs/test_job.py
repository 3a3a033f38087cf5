"""Requests of the quick queue and their answers."""

from __future__ import annotations

import hashlib

from emulator.programs.job import handle
from emulator.tests.programs.assembling import needs_assembler
from emulator.tests.programs.elf_files import ElfFile

SOURCE = "_start: nop\n.data\ncounter: .long 1\n"


@needs_assembler
def test_assembling_answers_with_the_image() -> None:
    answer, image = handle({"job": "assemble", "source": SOURCE}, b"")

    assert answer["sha256"] == hashlib.sha256(image).hexdigest()


@needs_assembler
def test_assembling_lists_the_symbols_of_the_text_only() -> None:
    answer, _ = handle({"job": "assemble", "source": SOURCE}, b"")

    assert [s["name"] for s in answer["symbols"]] == ["_start", "counter"]


@needs_assembler
def test_kernel_mode_links_in_the_upper_half() -> None:
    answer, _ = handle({"job": "assemble", "source": SOURCE, "mode": "kernel"}, b"")

    assert (answer["entry"], answer["mode"]) == ("0xffffffff81001000", "kernel")


@needs_assembler
def test_an_assembly_error_answers_with_its_line() -> None:
    answer, image = handle({"job": "assemble", "source": "nop\nfoo\n"}, b"")

    assert (answer["error"]["code"], answer["error"]["line"], image) == (
        "assembly_failed",
        2,
        b"",
    )


def test_an_elf_image_is_summarised() -> None:
    answer, _ = handle({"job": "elf"}, ElfFile().pack())

    assert answer["segments"] == [
        {"address": "0x401000", "size": 16, "file_size": 16, "rights": "r-x"}
    ]


def test_a_bad_elf_image_answers_with_its_field() -> None:
    answer, _ = handle({"job": "elf"}, b"no elf")

    assert (answer["ok"], answer["error"]["field"]) == (False, "e_ident")


def test_a_flat_image_is_summarised() -> None:
    answer, _ = handle({"job": "flat", "load": "0x400000"}, b"\xcc")

    assert (answer["format"], answer["entry"]) == ("flat", "0x400000")


def test_an_unknown_job_is_refused() -> None:
    answer, _ = handle({"job": "format-disk"}, b"")

    assert answer["error"]["field"] == "job"
