"""/switch-sets/ and /variants/."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from sessions_app import runner
from sessions_app.models import SwitchSet
from sessions_app.tests.factories import create_switch_set

SETS, VARIANTS = "/api/v1/switch-sets/", "/api/v1/variants/"
NO_RF: dict[str, Any] = {"name": "No RF", "base": "g", "changes": {"rf_by": "none"}}


@pytest.fixture
def own(alice: User) -> SwitchSet:
    return create_switch_set(alice)


def test_a_set_is_made(alice_api: APIClient, alice: User) -> None:
    answer = alice_api.post(SETS, NO_RF)

    told = answer.json()
    assert answer.status_code == 201
    assert {name: told[name] for name in ("owner", "slug", "base", "visibility")} == {
        "owner": "alice",
        "slug": "no-rf",
        "base": "g-bare",
        "visibility": "private",
    }
    assert SwitchSet.objects.get(pk=told["id"]).owner == alice


def test_a_set_without_changes_is_its_base(alice_api: APIClient) -> None:
    answer = alice_api.post(SETS, {"name": "As it is", "base": "d1"})

    assert answer.json()["changes"] == {}


@pytest.mark.parametrize(
    ("body", "field", "allowed"),
    [
        (NO_RF | {"base": "z"}, "base", "a, b-real"),
        (NO_RF | {"changes": {"rf_by": "me"}}, "changes.rf_by", "kgdb_dr6, none"),
        (NO_RF | {"changes": {"no": 1}}, "changes.no", "dr6_cleared_on_entry"),
        (NO_RF | {"visibility": "all"}, "visibility", "private, unlisted, public"),
        (NO_RF | {"name": ""}, "name", "not empty"),
        (NO_RF | {"slug": "x"}, "slug", "name, base, changes"),
    ],
)
def test_what_is_wrong_is_named(
    alice_api: APIClient, body: dict[str, Any], field: str, allowed: str
) -> None:
    answer = alice_api.post(SETS, body)

    error = answer.json()["errors"][0]
    assert (answer.status_code, error["field"]) == (422, field)
    assert answer["Content-Type"] == "application/problem+json"
    assert allowed in f"{error['detail']} {error['allowed']}"
    assert not SwitchSet.objects.exists()


def test_the_list_has_ones_own(
    alice_api: APIClient, own: SwitchSet, charlie: User
) -> None:
    create_switch_set(charlie, visibility="public")

    listed = alice_api.get(SETS).json()["results"]

    assert [s["id"] for s in listed] == [str(own.pk)]


def test_the_public_ones_of_others_are_another_list(
    alice_api: APIClient, own: SwitchSet, charlie: User
) -> None:
    public = create_switch_set(charlie, visibility="public")
    create_switch_set(charlie, visibility="unlisted")

    listed = alice_api.get(f"{SETS}?public=1").json()["results"]

    assert [s["id"] for s in listed] == [str(public.pk)]


def test_a_set_is_changed_in_part(alice_api: APIClient, own: SwitchSet) -> None:
    told = alice_api.patch(f"{SETS}{own.pk}/", {"visibility": "public"}).json()

    assert (told["visibility"], told["changes"]) == ("public", {"rf_by": "none"})


def test_a_refused_change_leaves_it(alice_api: APIClient, own: SwitchSet) -> None:
    answer = alice_api.patch(f"{SETS}{own.pk}/", {"changes": {"rf_by": "me"}})

    own.refresh_from_db()
    assert (answer.status_code, own.changes) == (422, {"rf_by": "none"})


def test_a_set_is_deleted(alice_api: APIClient, own: SwitchSet) -> None:
    assert alice_api.delete(f"{SETS}{own.pk}/").status_code == 204
    assert not SwitchSet.objects.exists()


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_charlie_does_not_find_a_private_set(
    charlie_api: APIClient, own: SwitchSet, method: str
) -> None:
    assert getattr(charlie_api, method)(f"{SETS}{own.pk}/").status_code == 404


def test_charlie_reads_an_unlisted_set(charlie_api: APIClient, own: SwitchSet) -> None:
    SwitchSet.objects.update(visibility="unlisted")

    assert charlie_api.get(f"{SETS}{own.pk}/").status_code == 200
    assert charlie_api.patch(f"{SETS}{own.pk}/", {"name": "x"}).status_code == 403
    assert charlie_api.delete(f"{SETS}{own.pk}/").status_code == 403


def test_bob_without_an_account_reads_none(bob_api: APIClient, own: SwitchSet) -> None:
    SwitchSet.objects.update(visibility="public")

    assert bob_api.get(f"{SETS}{own.pk}/").status_code == 401


@pytest.mark.parametrize("pk", ["abc", "../x", "9" * 400])
def test_an_id_that_is_none_is_not_found(alice_api: APIClient, pk: str) -> None:
    assert alice_api.get(f"{SETS}{pk}/").status_code == 404


@pytest.mark.parametrize("count", [1, 5])
def test_the_list_needs_three_queries(
    alice_api: APIClient, alice: User, count: int, django_assert_num_queries
) -> None:
    for _ in range(count):
        create_switch_set(alice)

    with django_assert_num_queries(3):
        alice_api.get(SETS)


# --- Kernels


def test_the_kernels_are_listed_in_order(alice_api: APIClient) -> None:
    listed = alice_api.get(VARIANTS).json()

    assert [v["id"] for v in listed] == [v.id for v in runner.variants()]
    assert listed[5]["changes"] == {"dr6_fixed_masked": True, "handler_rc_rule": "vd6"}


def test_a_kernel_has_all_switches_with_their_meaning(alice_api: APIClient) -> None:
    told = alice_api.get(f"{VARIANTS}g/").json()

    rf_by = next(s for s in told["switches"] if s["name"] == "rf_by")
    assert (rf_by["value"], rf_by["set_by"], rf_by["kind"]) == (
        "handler",
        "d3-36",
        "choice",
    )
    assert list(rf_by["choices"]) == ["kgdb_dr6", "none", "handler"]
    assert len(told["switches"]) == len(runner.switch_meanings())


def test_an_unknown_kernel_is_a_problem(alice_api: APIClient) -> None:
    assert alice_api.get(f"{VARIANTS}z/").status_code == 404


@pytest.mark.parametrize("path", [SETS, VARIANTS])
def test_lists_need_a_person(client: APIClient, db: None, path: str) -> None:
    assert client.get(path).status_code == 401


def test_the_matrix_takes_sets(
    alice_api: APIClient, own: SwitchSet, redis_server: str
) -> None:
    cells = alice_api.get(f"/api/v1/matrix/?row=W1&variant=d1&set={own.pk}").json()

    assert list(cells["cells"]["W1"]) == ["d1", f"set:{own.pk}"]


def test_the_matrix_refuses_a_set_that_is_not_yours(
    charlie_api: APIClient, own: SwitchSet
) -> None:
    answer = charlie_api.get(f"/api/v1/matrix/?set={own.pk}")

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_kernel")


def test_a_cell_of_a_set_runs(alice_api: APIClient, own: SwitchSet) -> None:
    run = alice_api.post(f"/api/v1/matrix/W1/set:{own.pk}/run/").json()

    assert run["label"] == f"{own.name}, on g-bare"


@pytest.mark.parametrize(
    "path",
    [SETS, f"{SETS}{{id}}/", VARIANTS, f"{VARIANTS}{{id}}/"],
)
def test_schema_describes(client: APIClient, db: None, path: str) -> None:
    assert path in client.get("/api/schema/?format=json").json()["paths"]
