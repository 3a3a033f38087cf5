"""What is left out of the replay, and that docs/conformance.md says why."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from emulator.conform import not_applicable
from emulator.tests.conform.recording import vectors

DOCUMENT = (Path(__file__).parents[3] / "docs" / "conformance.md").read_text("utf-8")
REASONS = Counter(filter(None, map(not_applicable, vectors().values())))


@pytest.mark.parametrize("reason", sorted(REASONS))
def test_the_document_names_each_reason_with_its_count(reason: str) -> None:
    assert f"| {reason} | {REASONS[reason]} |" in DOCUMENT


def test_the_document_names_no_other_reason() -> None:
    table = DOCUMENT.split("| reason |")[1].split("\n\n")[0]

    assert len(table.splitlines()) - 2 == len(REASONS)


def test_a_vector_is_left_out_for_its_tags_or_instructions_only() -> None:
    left_out = {n for n, v in vectors().items() if not_applicable(v)}
    tagged = {n for n, v in vectors().items() if {"avx", "btf"} & set(v["tags"])}
    unknown = {n for n, v in vectors().items() if "movbe" in v["asm"]}

    assert left_out == tagged | unknown


@pytest.mark.parametrize("kind", ["api", "perf", "syscall"])
def test_what_needs_linux_is_replayed(kind: str) -> None:
    of_kind = [v for v in vectors().values() if kind in (v["category"], v["mode"])]

    assert of_kind
    assert not any(map(not_applicable, of_kind))
