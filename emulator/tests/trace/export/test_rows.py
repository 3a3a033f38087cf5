"""CSV and JSON lines."""

from __future__ import annotations

import csv
import io
import json

from emulator.events import EventKind
from emulator.tests.trace.export.traces import NAMES, block, hit, record, whole
from emulator.trace.export.rows import COLUMNS, csv_lines, json_lines


def table(*blocks) -> list[dict[str, str]]:
    text = b"".join(csv_lines(blocks, NAMES)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def lines(*blocks) -> list[dict]:
    text = b"".join(json_lines(blocks, NAMES)).decode()
    return [json.loads(line) for line in text.splitlines()]


def test_a_table_has_its_columns_even_without_rows() -> None:
    assert b"".join(csv_lines([], NAMES)).decode() == ",".join(COLUMNS) + "\r\n"


def test_a_hit_is_a_row_with_number_and_names() -> None:
    row = table(block([hit(3, 12, 0x14)], hits_before=41))[0]

    assert (row["hit_no"], row["at"], row["place"]) == ("42", "again+0x7", "counter")


def test_words_are_hexadecimal_so_that_none_loses_bits() -> None:
    row = table(block([hit(3, 12, (1 << 64) - 1)]))[0]

    assert (row["value"], row["addr"]) == ("0xffffffffffffffff", "0x402000")


def test_no_slot_is_an_empty_cell() -> None:
    assert table(block([record(1, EventKind.IRET)]))[0]["slot"] == ""


def test_only_what_passes_is_a_row() -> None:
    assert [r["seq"] for r in table(block(whole(), passes={3, 14}))] == ["3", "14"]


def test_blocks_follow_each_other() -> None:
    first, second = block([hit(1, 1, 1)]), block([hit(2, 2, 2)], hits_before=1)

    assert [r["hit_no"] for r in table(first, second)] == ["1", "2"]


def test_a_line_is_that_of_the_document_with_the_hits_number() -> None:
    line = lines(block([hit(3, 12, 0x14)]))[0]

    assert line["kind"] == "HIT"
    assert line["value"] == "0x14"
    assert line["flags"] == ["USER", "WRITE", "SNAPSHOT"]
    assert line["hit_no"] == 1


def test_what_the_program_wrote_stands_with_its_event() -> None:
    output = record(1, EventKind.OUTPUT, value=3, aux=1)

    line = lines(block([output], texts=[(1, 1, b"hi\n")]))[0]

    assert line["text"] == {"stdout": "hi\n"}
    assert "hit_no" not in line


def test_a_kind_that_is_newer_than_this_program_is_a_number() -> None:
    newer = record(1, EventKind.IRET)._replace(kind=999)

    assert "999" in table(block([newer]))[0]["kind"]
