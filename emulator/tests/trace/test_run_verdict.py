"""What a whole run came to, in words."""

from __future__ import annotations

import pytest

from emulator.events import Invariant
from emulator.trace.run_verdict import judge_run

DR7, ONCE = Invariant.dr7_equals_cpu_dr7, Invariant.delivered_once


@pytest.mark.parametrize(
    ("outcome", "broken", "missed", "severity", "title"),
    [
        ("completed", [], 0, "ok", "Every invariant holds"),
        ("completed", [DR7], 1, "fault", "1 watched access passed unseen"),
        ("completed", [DR7], 3, "fault", "3 watched accesses passed unseen"),
        ("completed", [DR7], 0, "fault", "DR7 and cpu_dr7 part after IRET"),
        (
            "completed",
            [DR7, ONCE],
            0,
            "fault",
            "A hit did not reach its owner exactly once",
        ),
        ("livelock", [4], 0, "fault", "No progress: the same #DB for ever"),
        (
            "restops",
            [4],
            0,
            "fault",
            "No progress: the debugger stops in one place for ever",
        ),
        ("limit_reached", [], 0, "caution", "A limit of the recipe ended it"),
        ("wall_limit", [], 0, "caution", "Ended early: wall limit"),
        ("", [], 0, "unknown", "Still running: not known yet"),
        ("", [], 2, "fault", "2 watched accesses passed unseen"),
    ],
)
def test_severity_and_title(
    outcome: str, broken: list[int], missed: int, severity: str, title: str
) -> None:
    verdict = judge_run(outcome, broken, missed, hits=1)

    assert (verdict.severity, verdict.title) == (severity, title)


@pytest.mark.parametrize(
    ("outcome", "hits", "words"),
    [
        ("completed", 0, "In the whole run no breakpoint fired."),
        ("completed", 1, "In the whole run 1 hit."),
        ("", 2, "In the whole run 2 hits so far."),
    ],
)
def test_the_sentence_counts_hits(outcome: str, hits: int, words: str) -> None:
    assert judge_run(outcome, [], 0, hits=hits).sentence == words


def test_the_sentence_says_what_a_miss_is() -> None:
    sentence = judge_run("completed", [7], 1, hits=0).sentence

    assert sentence.endswith(
        "1 watched access raised no #DB: the kernel believes the breakpoint to be "
        "armed, the hardware has it off."
    )


def test_broken_invariants_are_named_and_the_rest_counted() -> None:
    checks = judge_run("completed", [1, 7], 0, hits=1).checks

    assert [(c.text, c.holds) for c in checks] == [
        ("DR7 = cpu_dr7", False),
        ("owners are armed", False),
        ("6 others hold", True),
    ]


def test_an_invariant_of_a_later_emulator_is_left_out() -> None:
    assert judge_run("completed", [99], 0, hits=1).checks == []


def test_each_invariant_has_a_promise() -> None:
    checks = judge_run("completed", list(Invariant), 0, hits=1).checks

    assert len({c.text for c in checks}) == len(Invariant) + 1
