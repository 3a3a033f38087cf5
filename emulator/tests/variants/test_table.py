"""The table of variants and the switches that a recipe changes."""

from __future__ import annotations

import pytest

from emulator.errors import RecipeError
from emulator.variants import (
    DEFAULT_VARIANT,
    RfBy,
    switch_names,
    switches,
    variant_ids,
    variants,
)


def test_the_default_variant_is_shipped() -> None:
    assert DEFAULT_VARIANT in variant_ids()


def test_every_variant_has_words_to_show() -> None:
    assert all(v.title and v.summary for v in variants().values())


def test_no_two_variants_have_the_same_switches() -> None:
    rows = [v.switches for v in variants().values()]

    assert len(set(rows)) == len(rows)


def test_today_the_handler_sets_rf_and_leaves_dr7_alone() -> None:
    today = variants()["g-bare"].switches

    assert (today.rf_by, today.handler_dr7_exit) == ("handler", "none")


def test_a_change_replaces_one_switch_only() -> None:
    base, changed = switches("g-bare", {}), switches("g-bare", {"rf_by": "none"})

    moved = [n for n in switch_names() if getattr(base, n) != getattr(changed, n)]
    assert moved == ["rf_by"]


def test_a_changed_switch_has_its_enum_type() -> None:
    assert switches("g-bare", {"rf_by": "none"}).rf_by is RfBy.none


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"no_such": True}, "variant.set.no_such"),
        ({"rf_by": 3}, "variant.set.rf_by"),
        ({"kgdb_prio": 2**31}, "variant.set.kgdb_prio"),
        ({"kgdb_prio": True}, "variant.set.kgdb_prio"),
        ({"early": "yes"}, "variant.set.early"),
    ],
)
def test_a_wrong_change_names_the_switch(
    changes: dict[str, object], field: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        switches("g-bare", changes)

    assert caught.value.field == field
