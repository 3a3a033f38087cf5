"""Lines of a patch found again in its next version."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.mail.carry import carried_lines
from sessions_app.mail.patch import parse_patch
from sessions_app.tests.mail.letters import PATCH


def line_of(text: str, words: str) -> int:
    return next(n for n, line in enumerate(text.split("\n"), start=1) if words in line)


def carried(after: str, words: str) -> int | None:
    return carried_lines(parse_patch(PATCH), parse_patch(after)).get(
        line_of(PATCH, words)
    )


def test_an_unchanged_patch_keeps_every_line() -> None:
    found = carried_lines(parse_patch(PATCH), parse_patch(PATCH))

    assert found
    assert all(before == after for before, after in found.items())


def test_a_line_moves_with_the_words_above_it() -> None:
    after = PATCH.replace("nobody put it back.", "nobody\nput it\nback.")

    assert carried(after, "cpu = get_cpu") == line_of(after, "cpu = get_cpu")


def test_a_line_that_was_changed_is_outdated() -> None:
    after = PATCH.replace("+\tcpu = get_cpu();", "+\tcpu = raw_smp_processor_id();")

    assert carried(after, "cpu = get_cpu") is None


def test_a_line_that_became_context_is_outdated() -> None:
    after = PATCH.replace("+\tcpu = get_cpu();", " \tcpu = get_cpu();").replace(
        "460,8 +460,9", "460,9 +460,9"
    )

    assert carried(after, "cpu = get_cpu") is None


def test_another_file_is_another_line() -> None:
    after = PATCH.replace("hw_breakpoint.c", "kgdb.c")

    assert carried(after, "cpu = get_cpu") is None


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(st.integers(0, 40), max_size=6))
def test_what_is_carried_says_the_same(dropped: list[int]) -> None:
    lines = PATCH.split("\n")
    after = "\n".join(line for n, line in enumerate(lines) if n not in dropped)

    found = carried_lines(parse_patch(PATCH), parse_patch(after))

    later = after.split("\n")
    assert all(lines[a - 1].split() == later[b - 1].split() for a, b in found.items())
