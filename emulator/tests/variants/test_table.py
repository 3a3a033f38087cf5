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
    variant_named,
    variants,
)


def test_the_default_variant_is_shipped() -> None:
    assert DEFAULT_VARIANT in variant_ids()


def test_every_variant_has_words_to_show() -> None:
    assert all(v.title and v.summary and v.provenance for v in variants().values())


def test_the_variants_are_those_of_the_decisions() -> None:
    wanted = "a b-real b-zero c d1 d2 d3-35 d3-36 d4 e f g-bare g-hv h-bare h-hv"

    assert list(variant_ids()) == wanted.split()


@pytest.mark.parametrize(
    ("short", "meant"),
    [("b", "b-real"), ("d3", "d3-36"), ("g", "g-bare"), ("h", "h-bare")],
)
def test_a_short_name_means_one_variant(short: str, meant: str) -> None:
    assert variant_named(short).id == meant


@pytest.mark.parametrize("thought_out", ["e", "f"])
def test_what_never_existed_stands_on_d4_and_says_so(thought_out: str) -> None:
    variant = variants()[thought_out]

    assert (variant.base, variant.certainty) == ("d4", "ours")


def test_only_what_was_seen_on_a_real_kernel_is_called_recorded() -> None:
    recorded = [v.id for v in variants().values() if v.certainty == "recorded"]

    assert recorded == ["g-bare", "g-hv", "h-bare", "h-hv"]


@pytest.mark.parametrize("variant", ["g", "h"])
def test_bare_and_hypervisor_differ_in_the_processor_only(variant: str) -> None:
    bare, guest = variants()[f"{variant}-bare"], variants()[f"{variant}-hv"]

    assert bare.switches == guest.switches
    assert (bare.machine["hypervisor"], guest.machine["hypervisor"]) == (False, True)


def test_no_two_variants_have_the_same_switches() -> None:
    rows = [(v.switches, *v.machine.items()) for v in variants().values()]

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
