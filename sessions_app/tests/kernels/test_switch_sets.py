"""Switch sets: what is kept, under which name, and who may use them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest

from sessions_app import runner
from sessions_app.errors import InvalidSwitches, UnknownKernel
from sessions_app.kernels import kernel_choices, kernel_for
from sessions_app.models import SwitchSet
from sessions_app.services.switch_sets import switch_set_create, switch_set_edit
from sessions_app.tests.factories import create_switch_set


def made(owner: User, name: str = "No RF", **fields: Any) -> SwitchSet:
    values = {"base": "g-bare", "changes": {"rf_by": "none"}} | fields
    return switch_set_create(owner=owner, name=name, **values)


def test_what_is_as_in_the_base_is_left_out(alice: User) -> None:
    kept = made(alice, changes={"rf_by": "none", "early": True, "kgdb_prio": 0})

    assert kept.changes == {"rf_by": "none"}


def test_changes_stand_in_the_order_of_the_table(alice: User) -> None:
    kept = made(alice, changes={"early": False, "rf_by": "none"})

    assert list(kept.changes) == ["rf_by", "early"]


def test_a_short_name_of_a_base_is_kept_as_its_id(alice: User) -> None:
    assert made(alice, base="g").base == "g-bare"


@pytest.mark.parametrize(
    ("base", "changes", "field"),
    [
        ("z", {}, "base"),
        ("g-bare", {"nothing": 1}, "changes.nothing"),
        ("g-bare", {"rf_by": "me"}, "changes.rf_by"),
        ("g-bare", {"early": "yes"}, "changes.early"),
        ("g-bare", {"kgdb_prio": 2**31}, "changes.kgdb_prio"),
        ("g-bare", {"kgdb_prio": True}, "changes.kgdb_prio"),
    ],
)
def test_what_is_none_is_refused(
    alice: User, base: str, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidSwitches) as caught:
        made(alice, base=base, changes=changes)

    assert caught.value.field == field
    assert not SwitchSet.objects.exists()


def test_a_refused_edit_changes_nothing(alice: User) -> None:
    kept = made(alice)
    with pytest.raises(InvalidSwitches):
        switch_set_edit(switch_set=kept, name="Other", changes={"rf_by": "me"})

    kept.refresh_from_db()
    assert (kept.name, kept.changes) == ("No RF", {"rf_by": "none"})


def test_another_base_leaves_out_what_it_has_already(alice: User) -> None:
    kept = switch_set_edit(switch_set=made(alice), base="d1")

    assert (kept.base, kept.changes) == ("d1", {})


@pytest.mark.parametrize(
    ("names", "slugs"),
    [
        (["No RF"], ["no-rf"]),
        (["No RF", "No RF"], ["no-rf", "no-rf-2"]),
        (["…"], ["set"]),
        (["x" * 80], ["x" * 72]),
    ],
)
def test_each_set_has_a_slug_of_its_own(
    alice: User, names: list[str], slugs: list[str]
) -> None:
    assert [made(alice, name).slug for name in names] == slugs


def test_two_people_may_use_the_same_name(alice: User, charlie: User) -> None:
    assert made(alice).slug == made(charlie).slug == "no-rf"


def test_a_new_name_makes_a_new_slug(alice: User) -> None:
    assert switch_set_edit(switch_set=made(alice), name="With RF").slug == "with-rf"


# --- Who may use it


def asked(user: User | AnonymousUser) -> HttpRequest:
    request = HttpRequest()
    request.user = user
    return request


@pytest.mark.parametrize(
    ("visibility", "found"), [("private", False), ("unlisted", True), ("public", True)]
)
def test_somebody_with_the_address(
    alice: User, charlie: User, visibility: str, found: bool
) -> None:
    name = f"set:{create_switch_set(alice, visibility=visibility).pk}"

    if found:
        assert kernel_for(asked(charlie), name).changes == {"rf_by": "none"}
    else:
        with pytest.raises(UnknownKernel):
            kernel_for(asked(charlie), name)


def test_nobody_without_an_account(alice: User) -> None:
    name = f"set:{create_switch_set(alice, visibility='public').pk}"

    with pytest.raises(UnknownKernel):
        kernel_for(asked(AnonymousUser()), name)


def test_the_owner_uses_a_private_one(alice: User) -> None:
    assert kernel_for(asked(alice), f"set:{create_switch_set(alice).pk}").set_id


@pytest.mark.parametrize(
    "name",
    ["z", "", "set:", "set:x", "set:00000000-0000-4000-8000-000000000000", "SET:a"],
)
def test_a_kernel_that_is_none(alice: User, name: str) -> None:
    with pytest.raises(UnknownKernel) as caught:
        kernel_for(asked(alice), name)

    assert caught.value.allowed is not None and "g-bare" in caught.value.allowed


@pytest.mark.parametrize(("name", "base"), [("d1", "d1"), ("g", "g-bare")])
def test_a_shipped_kernel_by_id_or_short_name(
    alice: User, name: str, base: str
) -> None:
    kernel = kernel_for(asked(alice), name)

    assert (kernel.base, kernel.changes, kernel.set_id) == (base, {}, None)


def names(choices: list[tuple[str, list[tuple[str, str]]]]) -> dict[str, list[str]]:
    return {group: [words for _, words in lines] for group, lines in choices}


def test_choices_are_grouped_by_whose_they_are(alice: User, charlie: User) -> None:
    create_switch_set(alice, name="Mine")
    create_switch_set(charlie, name="Theirs", visibility="public")
    create_switch_set(charlie, name="Hidden", visibility="unlisted")

    groups = names(kernel_choices(alice))

    assert len(groups["Kernels"]) == len(runner.variants())
    assert groups["Your switch sets"] == ["Mine, on g-bare"]
    assert groups["Switch sets of others"] == ["Theirs, on g-bare"]


def test_a_set_that_one_came_with_can_be_chosen(alice: User, charlie: User) -> None:
    found = create_switch_set(charlie, name="Hidden", visibility="unlisted")
    kernel = kernel_for(asked(alice), f"set:{found.pk}")

    assert names(kernel_choices(alice, kernel))["By its address"] == ["Hidden"]


def test_without_sets_there_are_only_kernels(alice: User) -> None:
    assert list(names(kernel_choices(alice))) == ["Kernels"]


# --- What a kernel is


def test_a_row_names_the_kernel_that_set_it() -> None:
    rows = {row.name: row for row in runner.switch_rows("h-bare", None)}

    assert (rows["overflow_needs_active"].set_by, rows["rf_by"].set_by) == (
        "h-bare",
        "d3-36",
    )
    assert rows["vd6_accumulates"].set_by == "a"


def test_a_row_of_a_set_is_set_by_nobody_else() -> None:
    rows = {r.name: r for r in runner.switch_rows("h-bare", {"rf_by": "none"})}

    assert (rows["rf_by"].set_by, rows["rf_by"].before, rows["rf_by"].value) == (
        "",
        "handler",
        "none",
    )


@pytest.mark.parametrize("variant", runner.variants(), ids=lambda v: v.id)
def test_what_differs_is_what_the_table_states(variant: runner.Variant) -> None:
    changed = [r.name for r in runner.switch_rows(variant.id, None) if r.changed]

    assert set(changed) == (set(variant.changes) if variant.base else set())
