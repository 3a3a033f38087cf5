"""The form of a new session: who owns a breakpoint, and what that asks for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sessions_app.models import DebugSession, Image
from sessions_app.services.recipes import Builder, Watch, recipe_build
from sessions_app.tests.factories import create_image, create_switch_set

HERE = "sessions_app.views.new.image_assemble"
FORM = {
    "assembly": "nop",
    "variant": "g-bare",
    "mode": "user",
    "cpus": "2",
    "instructions": "1000",
    "events": "1000",
    "wall_ms": "1000",
    "seed": "1",
}


def line(number: int = 0, **fields: str) -> dict[str, str]:
    """One breakpoint line as a browser sends it."""
    values = {"type": "write", "length": "4", "at": "counter"} | fields
    return {f"bp{number}-{name}": value for name, value in values.items()}


@pytest.fixture(autouse=True)
def no_assembler(monkeypatch: pytest.MonkeyPatch, db: None) -> Image:
    """The program is there already: no worker is needed to look at the form."""
    image = create_image(kind="flat", entry="_start")
    monkeypatch.setattr(HERE, lambda **_: image)
    return image


def post(client: Client, **fields: str) -> Any:
    lines = {} if any(name.startswith("bp") for name in fields) else line()
    empty: dict[str, str] = {}
    for number in range(4):
        empty |= line(number, at="")
    return client.post("/sessions/new/", FORM | empty | lines | fields)


def recipe() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(DebugSession.objects.get().runs.get().recipe.body)
    return told


@pytest.mark.parametrize(
    ("fields", "owner"),
    [
        ({}, {"owner": "perf_wide"}),
        ({"cpus": "1"}, {"owner": "perf_user", "task": "main"}),
        ({**line(owner="perf_user")}, {"owner": "perf_user", "task": "main"}),
        (
            {**line(owner="perf_user", cpu="1")},
            {"owner": "perf_user", "task": "main1"},
        ),
        ({**line(owner="perf_wide"), "cpus": "1"}, {"owner": "perf_wide"}),
        ({**line(owner="perf_cpu", cpu="1")}, {"owner": "perf_cpu", "cpu": 1}),
        (
            {**line(owner="ptrace", slot="2", cpu="1")},
            {"owner": "ptrace", "task": "main1", "slot": 2},
        ),
        ({**line(owner="kgdb"), "kgdb": "on"}, {"owner": "kgdb"}),
    ],
)
def test_an_owner_becomes_part_of_the_recipe(
    alice_client: Client, fields: dict[str, str], owner: dict[str, Any]
) -> None:
    answer = post(alice_client, **fields)

    assert answer.status_code == 302, answer.content.decode()
    told = recipe()["breakpoints"][0]
    watch = ("at", "length", "type")
    said = {n: v for n, v in told.items() if n not in watch and v is not None}
    assert said == owner


def test_a_traced_task_has_a_tracer(alice_client: Client) -> None:
    post(alice_client, **line(owner="ptrace", slot="0", cpu="1"))

    assert [task.get("traced", False) for task in recipe()["tasks"]] == [False, True]


@pytest.mark.parametrize(("tick", "kgdb"), [({}, False), ({"kgdb": "on"}, True)])
def test_kgdb_is_in_the_kernel_or_not(
    alice_client: Client, tick: dict[str, str], kgdb: bool
) -> None:
    post(alice_client, **line(), **tick)

    assert (recipe().get("kgdb") is not None) is kgdb


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (line(owner="perf_cpu"), "Which CPU? 0 is the first."),
        (line(owner="ptrace"), "Which register? 0 to 3."),
        (line(owner="kgdb"), "This kernel has no kgdb: tick it above."),
        (line(owner="perf_cpu", cpu="2"), "There are CPUs 0 to 1."),
        (line(owner="ptrace", slot="4"), "less than or equal to 3"),
        (
            line(owner="ptrace", slot="0") | {"mode": "kernel"},
            "A tracer traces programs: choose mode user.",
        ),
        (line(owner="nobody"), "Select a valid choice"),
    ],
)
def test_what_an_owner_needs_is_asked_for(
    alice_client: Client, fields: dict[str, str], said: str
) -> None:
    answer = post(alice_client, **fields)

    assert answer.status_code == 422 and not DebugSession.objects.exists()
    assert said in answer.content.decode()


def test_two_wrong_lines_are_both_told(alice_client: Client) -> None:
    answer = post(alice_client, **line(0, owner="kgdb"), **line(1, owner="ptrace"))

    html = answer.content.decode()
    assert "tick it above" in html and "Which register?" in html


def test_an_empty_line_asks_for_nothing(alice_client: Client) -> None:
    answer = post(alice_client, **line(0), **line(1, at="", owner="ptrace"))

    assert answer.status_code == 302


def test_a_misaligned_breakpoint_of_the_debugger_is_the_kernels_business(
    alice_client: Client,
) -> None:
    answer = post(alice_client, **line(owner="kgdb", at="counter+0x1"), kgdb="on")

    assert answer.status_code == 302


def test_a_misaligned_one_of_perf_is_refused(alice_client: Client) -> None:
    assert post(alice_client, **line(at="counter+0x1")).status_code == 422


def test_a_set_gives_its_switches_and_the_run_its_name(
    alice_client: Client, alice: User
) -> None:
    own = create_switch_set(alice, name="No RF", base="d4")
    post(alice_client, variant=f"set:{own.pk}")

    assert recipe()["variant"] == {"base": "d4", "set": {"rf_by": "none"}}
    assert DebugSession.objects.get().runs.get().label == "No RF, on d4"


def test_a_kernel_of_somebody_else_is_no_choice(
    alice_client: Client, charlie: User
) -> None:
    other = create_switch_set(charlie)

    answer = post(alice_client, variant=f"set:{other.pk}")

    assert answer.status_code == 422 and not DebugSession.objects.exists()


def test_the_short_form_of_rest_has_the_same_owners(no_assembler: Image) -> None:
    watch = Watch("write", 4, "counter", "ptrace", 0, 3)

    built = recipe_build(Builder(image=no_assembler, watches=[watch], kgdb=True))

    assert built["breakpoints"][0]["slot"] == 3 and built["kgdb"] == {}


@pytest.mark.parametrize(("tick", "held"), [({}, False), ({"hold": "on"}, True)])
def test_the_run_is_held_for_a_debugger_or_not(
    alice_client: Client, tick: dict[str, str], held: bool
) -> None:
    post(alice_client, **line(), **tick)

    assert DebugSession.objects.get().runs.get().hold is held
