"""Source lines of programs by gcc, against what addr2line of binutils says."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.programs.dwarf_lines import MAX_ROWS, line_rows
from emulator.programs.job import handle
from emulator.tests.compiling import compiled, image_of
from emulator.trace.lines import LineTable


def table_of(data: bytes) -> LineTable:
    files, rows = line_rows(data)
    return LineTable((address, files[file], line) for address, file, line in rows)


def said(program: Path, addresses: list[int]) -> list[str]:
    """file:line by addr2line; discriminators and folders left out."""
    told = subprocess.run(
        ["addr2line", "-e", program, *map(hex, addresses)],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line.partition(" (")[0] for line in told.stdout.splitlines())
    return [line.rpartition("/")[2] for line in lines]


@pytest.mark.skipif(shutil.which("addr2line") is None, reason="needs binutils")
@pytest.mark.parametrize("name", ["paced", "counter"])
def test_each_row_is_what_addr2line_says(name: str) -> None:
    files, rows = line_rows(image_of(name))
    begins = [(address, files[file], line) for address, file, line in rows if line]
    assert begins

    told = said(compiled(name), [address for address, _, _ in begins])

    assert told == [f"{file}:{line}" for _, file, line in begins]


def test_behind_the_last_row_nothing_is_said() -> None:
    _, rows = line_rows(image_of("paced"))
    table = table_of(image_of("paced"))

    assert rows[-1][2] == 0
    assert table.at(rows[-1][0]) == ""
    assert table.at(rows[0][0] - 1) == ""


def test_a_program_without_tables_has_no_lines() -> None:
    source = "_start:\n    hlt\n"
    _, image = handle({"job": "assemble", "source": source}, b"")

    assert line_rows(image) == ([], [])


@pytest.mark.parametrize("data", [b"", b"\x7fELF", b"no program at all" * 10])
def test_what_is_no_program_has_no_lines(data: bytes) -> None:
    assert line_rows(data) == ([], [])


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(st.data())
def test_a_damaged_file_is_read_as_far_as_it_goes(data: st.DataObject) -> None:
    image = bytearray(image_of("paced", "musl-gcc"))
    for _ in range(data.draw(st.integers(1, 20))):
        image[data.draw(st.integers(0, len(image) - 1))] = data.draw(
            st.integers(0, 255)
        )

    files, rows = line_rows(bytes(image))

    assert len(rows) <= MAX_ROWS
    assert all(0 <= file < len(files) for _, file, _ in rows)


def test_the_job_answers_with_files_and_lines() -> None:
    answer, _ = handle({"job": "lines"}, image_of("paced"))

    assert (answer["ok"], "paced.c" in answer["files"]) == (True, True)
    address, file, line = answer["lines"][0]
    assert (int(address, 16) > 0, file < len(answer["files"]), line > 0) == (True,) * 3
