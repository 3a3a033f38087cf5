"""The form of a new session: breakpoints that want only some of their hits."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from sessions_app.forms.runs import NewSessionForm, WatchForm
from sessions_app.models import StoredRecipe
from sessions_app.services.recipes import Watch
from sessions_app.tests.factories import create_image
from sessions_app.views import new

NEW = "/sessions/new/"
LIMITS = {"instructions": "1000", "events": "1000", "wall_ms": "1000", "seed": "1"}


def posted(**watch: str) -> dict[str, str]:
    """What a browser sends for one breakpoint; the other lines stay empty."""
    rows = {f"bp{n}-type": "write" for n in range(4)}
    rows |= {f"bp{n}-length": "4" for n in range(4)}
    first = {"at": "counter"} | watch
    return {
        "assembly": str(NewSessionForm(variants=[]).fields["assembly"].initial),
        "variant": "g-bare",
        "mode": "user",
        "cpus": "1",
        **LIMITS,
        **rows,
        **{f"bp0-{name}": value for name, value in first.items()},
    }


@pytest.fixture
def assembled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The counter program is there already: no worker assembles in this test."""
    monkeypatch.setattr(new, "image_assemble", lambda **_: create_image())


def watch_of(**fields: str) -> Watch | None:
    form = WatchForm(
        {f"bp0-{n}": v for n, v in {"type": "write", "length": "4", **fields}.items()},
        prefix="bp0",
    )
    assert form.is_valid(), form.errors
    return form.watch()


def test_a_line_without_them_wants_every_hit() -> None:
    assert watch_of(at="counter") == Watch("write", 4, "counter")


def test_a_line_with_all_of_them() -> None:
    watch = watch_of(at="counter", condition="value > 5", ignore="2", limit="3")

    assert watch == Watch(
        "write", 4, "counter", condition="value > 5", ignore=2, limit=3
    )


@pytest.mark.parametrize(("name", "value"), [("ignore", "-1"), ("limit", "0")])
def test_a_number_that_is_none(name: str, value: str) -> None:
    data = {"bp0-type": "write", "bp0-length": "4", "bp0-at": "x", f"bp0-{name}": value}

    assert name in WatchForm(data, prefix="bp0").errors


def test_each_field_has_a_name_for_those_who_do_not_see_it(
    alice_client: Client,
) -> None:
    html = alice_client.get(NEW).content.decode()

    for name in ("Condition", "Hits to ignore", "Hits after which it ends"):
        assert f'aria-label="{name} of breakpoint 4"' in html


@pytest.mark.usefixtures("assembled")
def test_the_recipe_has_them(alice_client: Client) -> None:
    answer = alice_client.post(NEW, posted(condition="value > 5", limit="1"))

    assert answer.status_code == 302
    body = json.loads(StoredRecipe.objects.get().body)
    found: dict[str, Any] = body["breakpoints"][0]
    assert (found["condition"], found["limit"], "ignore" in found) == (
        "value > 5",
        1,
        False,
    )


@pytest.mark.usefixtures("assembled")
def test_an_error_stands_at_its_line(alice_client: Client) -> None:
    answer = alice_client.post(NEW, posted(condition="u32[counte] > 5"))

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "unknown symbol &quot;counte&quot;; near names: counter" in html
    assert not StoredRecipe.objects.exists()
