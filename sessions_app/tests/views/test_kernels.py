"""Pages of kernels and switch sets, and where a set can be used."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sessions_app import runner
from sessions_app.models import SwitchSet
from sessions_app.tests.factories import create_switch_set
from sessions_app.tests.matrix.cells import WRONG, store_cell


def page(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return answer.content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


FORM = {"name": "No RF", "base": "g-bare", "visibility": "private", "note": ""}


def posted(client: Client, url: str = "/switch-sets/new/", **fields: str) -> Any:
    return client.post(url, FORM | {"sw_rf_by": "none"} | fields)


@pytest.fixture
def own(alice: User) -> SwitchSet:
    return create_switch_set(alice, name="Mine <b>")


# --- Kernels


@pytest.mark.parametrize(
    "url", ["/variants/", "/variants/a/", "/switch-sets/", "/switch-sets/new/"]
)
def test_a_stranger_is_asked_to_sign_in(client: Client, db: None, url: str) -> None:
    assert client.get(url)["Location"].startswith("/accounts/login/")


def test_kernels_stand_in_the_order_of_history(alice_client: Client) -> None:
    html = page(alice_client, "/variants/")

    shown = re.findall(r'<h2><a href="/variants/([\w-]+)/"', html)
    assert shown == [v.id for v in runner.variants()]


@pytest.mark.parametrize(
    ("word", "icon"),
    [
        ("recorded", "eye"),
        ("derived", "tree"),
        ("reconstruction", "mail"),
        ("ours", "plus"),
    ],
)
def test_how_sure_we_are_has_a_word_and_a_shape(
    alice_client: Client, word: str, icon: str
) -> None:
    html = page(alice_client, "/variants/")

    assert (
        f'data-c="{word}"><svg class="ic" aria-hidden="true"><use href="#i-{icon}"'
        in html
    )


def test_a_kernel_is_told_as_a_difference(alice_client: Client) -> None:
    text = words(page(alice_client, "/variants/"))

    assert "differs from d1 in dr6_fixed_masked = true handler_rc_rule = vd6" in text
    assert "differs from b-real in no switch: the processor is another one" in text


@pytest.mark.parametrize("variant", runner.variants(), ids=lambda v: v.id)
def test_a_kernel_has_a_page_with_all_switches(
    alice_client: Client, variant: runner.Variant
) -> None:
    html = page(alice_client, f"/variants/{variant.id}/")

    whole = html.partition('id="s-h"')[2]
    shown = re.findall(r'<th scope="row" class="mono">(\w+)<', whole)
    assert shown == [m.name for m in runner.switch_meanings()]


def test_a_switch_says_its_value_and_who_set_it(alice_client: Client) -> None:
    text = words(page(alice_client, "/variants/h-bare/"))

    assert (
        "rf_by handler d3-36 Who sets RF in the saved flags after an execute "
        "breakpoint. handler: hw_breakpoint_handler, since 2.6.36."
    ) in text


def test_a_short_name_leads_to_the_kernel(alice_client: Client) -> None:
    assert alice_client.get("/variants/g/")["Location"] == "/variants/g-bare/"


def test_an_unknown_kernel_is_404(alice_client: Client) -> None:
    assert alice_client.get("/variants/z/").status_code == 404


# --- Sets


def test_the_list_shows_own_and_public_ones(
    alice_client: Client, own: SwitchSet, charlie: User
) -> None:
    create_switch_set(charlie, name="For all", visibility="public")
    create_switch_set(charlie, name="For some", visibility="unlisted")
    create_switch_set(charlie, name="For none")

    html = page(alice_client, "/switch-sets/")

    assert "Mine &lt;b&gt;" in html and "For all" in html
    assert "For some" not in html and "For none" not in html


def test_a_set_is_made_in_the_page(alice_client: Client, alice: User) -> None:
    answer = posted(alice_client, sw_early="false", sw_kgdb_prio="-7", note="why")

    made = SwitchSet.objects.get()
    assert answer["Location"] == f"/switch-sets/{made.pk}/"
    assert made.changes == {"rf_by": "none", "kgdb_prio": -7, "early": False}
    assert (made.owner, made.note, made.visibility) == (alice, "why", "private")


def test_the_form_has_a_field_for_each_switch(alice_client: Client) -> None:
    html = page(alice_client, "/switch-sets/new/?base=d1")

    assert re.findall(r'name="sw_(\w+)"', html) == [
        m.name for m in runner.switch_meanings()
    ]
    assert '<option value="d1" selected>' in html


def test_the_values_of_the_base_stand_beside(alice_client: Client) -> None:
    text = words(page(alice_client, "/switch-sets/new/?base=d3-36"))

    assert "rf_by handler as in the base kgdb_dr6 none handler" in text


def test_another_base_is_shown_and_nothing_kept(alice_client: Client) -> None:
    answer = posted(alice_client, base="d1", show="1")

    text = words(answer.content.decode())
    assert answer.status_code == 200 and not SwitchSet.objects.exists()
    assert "rf_by none as in the base" in text
    assert '<option value="none" selected>' in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "id_name"),
        ({"base": "z"}, "id_base"),
        ({"sw_rf_by": "me"}, "id_sw_rf_by"),
        ({"sw_kgdb_prio": "high"}, "id_sw_kgdb_prio"),
        ({"sw_kgdb_prio": "9" * 12}, "id_sw_kgdb_prio"),
        ({"visibility": "all"}, "id_visibility"),
    ],
)
def test_an_error_stands_at_its_field(
    alice_client: Client, fields: dict[str, str], field: str
) -> None:
    answer = posted(alice_client, **fields)

    html = answer.content.decode()
    assert answer.status_code == 422 and not SwitchSet.objects.exists()
    assert f'id="{field}-error"' in html and f'href="#{field}"' in html


def test_a_set_says_what_it_changes(alice_client: Client, own: SwitchSet) -> None:
    text = words(page(alice_client, f"/switch-sets/{own.pk}/"))

    assert "Switches that differ from g-bare switch g-bare here what it asks" in text
    assert "rf_by handler none Who sets RF" in text
    assert "rf_by none this set" in text


def test_a_set_is_edited(alice_client: Client, own: SwitchSet) -> None:
    url = f"/switch-sets/{own.pk}/edit/"
    assert '<option value="none" selected>' in page(alice_client, url)
    posted(alice_client, url, name="Other", sw_rf_by="kgdb_dr6", visibility="unlisted")

    own.refresh_from_db()
    assert (own.name, own.changes, own.visibility) == (
        "Other",
        {"rf_by": "kgdb_dr6"},
        "unlisted",
    )


def test_a_set_is_deleted(alice_client: Client, own: SwitchSet) -> None:
    alice_client.post(f"/switch-sets/{own.pk}/delete/")

    assert not SwitchSet.objects.exists()


def test_a_get_deletes_nothing(alice_client: Client, own: SwitchSet) -> None:
    assert alice_client.get(f"/switch-sets/{own.pk}/delete/").status_code == 405


@pytest.mark.parametrize("tail", ["", "edit/"])
def test_charlie_does_not_find_a_private_set(
    charlie_client: Client, own: SwitchSet, tail: str
) -> None:
    assert charlie_client.get(f"/switch-sets/{own.pk}/{tail}").status_code == 404


@pytest.mark.parametrize("visibility", ["unlisted", "public"])
def test_charlie_reads_a_set_by_its_address_and_changes_nothing(
    charlie_client: Client, own: SwitchSet, visibility: str
) -> None:
    SwitchSet.objects.update(visibility=visibility)
    url = f"/switch-sets/{own.pk}/"

    assert "Delete…" not in page(charlie_client, url)
    assert charlie_client.get(f"{url}edit/").status_code == 403
    assert charlie_client.post(f"{url}delete/").status_code == 403


def test_a_private_set_shows_no_address_to_give_away(
    alice_client: Client, own: SwitchSet
) -> None:
    url = f"/switch-sets/{own.pk}/"
    assert 'id="set-address"' not in page(alice_client, url)
    SwitchSet.objects.update(visibility="unlisted")

    assert f'value="http://testserver{url}"' in page(alice_client, url)


# --- Where it is used


def test_a_new_session_can_be_on_a_set(alice_client: Client, own: SwitchSet) -> None:
    html = page(alice_client, f"/sessions/new/?variant=set:{own.pk}")

    assert f'<option value="set:{own.pk}" selected>Mine &lt;b&gt;, on g-bare' in html
    assert '<optgroup label="Your switch sets">' in html


def test_a_new_session_begins_on_the_kernel_that_one_came_from(
    alice_client: Client,
) -> None:
    html = page(alice_client, "/sessions/new/?variant=d1")

    assert '<option value="d1" selected>' in html


def test_an_unknown_kernel_in_the_address_is_left_out(alice_client: Client) -> None:
    html = page(alice_client, "/sessions/new/?variant=z")

    assert f'<option value="{runner.DEFAULT_VARIANT}" selected>' in html


def test_the_matrix_takes_a_set_as_a_column(
    alice_client: Client, own: SwitchSet
) -> None:
    key = runner.column_key("g-bare", own.changes)
    store_cell("W6", key, WRONG)
    store_cell("W6", "g-bare", "ok")

    html = page(alice_client, f"/matrix/?row=W6&variant=g-bare&set={own.pk}")

    assert f'href="/switch-sets/{own.pk}/">set</a>' in html
    assert "bad moved" in html
    assert f'href="/matrix/W6/set:{own.pk}/"' in html


def test_the_matrix_offers_own_and_public_sets(
    alice_client: Client, own: SwitchSet, charlie: User
) -> None:
    create_switch_set(charlie, name="For none")
    html = page(alice_client, "/matrix/")

    assert f'name="set" value="{own.pk}"' in html and "For none" not in html


def test_a_set_of_somebody_else_is_no_column(
    alice_client: Client, charlie: User
) -> None:
    other = create_switch_set(charlie)

    html = page(alice_client, f"/matrix/?set={other.pk}", status=422)

    assert "no kernel “set:" in html


def test_a_cell_of_a_set_holds_its_switches(
    alice_client: Client, own: SwitchSet
) -> None:
    html = page(alice_client, f"/matrix/W6/set:{own.pk}/")

    assert "&quot;rf_by&quot;: &quot;none&quot;" in html
    assert "Compare with g-bare" in html


def test_the_run_of_a_cell_of_a_set_keeps_its_name_only_as_a_label(
    alice_client: Client, own: SwitchSet, alice: User
) -> None:
    alice_client.post(f"/matrix/W6/set:{own.pk}/run/")

    run = alice.debug_sessions.get().runs.get()
    assert run.label == "Mine <b>, on g-bare"
    body = json.loads(run.recipe.body)
    assert body["variant"] == {"base": "g-bare", "set": {"rf_by": "none"}}
    assert "Mine" not in run.recipe.body


def test_charlie_has_no_cell_of_a_private_set(
    charlie_client: Client, own: SwitchSet
) -> None:
    assert charlie_client.get(f"/matrix/W6/set:{own.pk}/").status_code == 404
