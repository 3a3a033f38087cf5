"""Every switch says what it asks, in the words of its own source."""

from __future__ import annotations

import re

import pytest

from emulator.variants import SwitchMeaning, switch_meanings, switch_names, variants

BY_NAME = {m.name: m for m in switch_meanings()}
EACH = pytest.mark.parametrize("told", switch_meanings(), ids=lambda m: m.name)


def test_all_switches_are_told_in_order() -> None:
    assert tuple(BY_NAME) == switch_names()


@EACH
def test_a_switch_has_a_meaning(told: SwitchMeaning) -> None:
    assert told.meaning and "\n" not in told.meaning


@EACH
def test_its_section_names_a_file_of_linux(told: SwitchMeaning) -> None:
    assert re.search(r"(kernel|arch)/[\w/]+\.c", told.section)


@EACH
def test_every_kernel_has_one_of_its_choices(told: SwitchMeaning) -> None:
    if told.kind == "choice":
        values = {getattr(v.switches, told.name) for v in variants().values()}
        assert values <= set(told.choices)


@pytest.mark.parametrize(
    ("name", "kind", "meaning"),
    [
        ("parse_null_refused", "bool", "Address 0 is EINVAL."),
        ("kgdb_prio", "int", "Priority of kgdb's die notifier."),
        (
            "rf_by",
            "choice",
            "Who sets RF in the saved flags after an execute breakpoint.",
        ),
    ],
)
def test_kind_and_meaning(name: str, kind: str, meaning: str) -> None:
    assert (BY_NAME[name].kind, BY_NAME[name].meaning) == (kind, meaning)


def test_a_choice_says_what_each_value_means() -> None:
    assert BY_NAME["rf_by"].choices["handler"] == (
        "hw_breakpoint_handler, since 2.6.36."
    )


def test_sections_are_those_of_the_source() -> None:
    sections = list(dict.fromkeys(m.section for m in switch_meanings()))

    assert [s.partition(":")[0] for s in sections] == [
        "The #DB entry and exit",
        "hw_breakpoint_handler",
        "perf and the slots",
        "kgdb",
    ]
