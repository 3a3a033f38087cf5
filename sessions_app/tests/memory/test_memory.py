"""Memory as of a hit, through the real queue and child: a program that counts."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import Run
from sessions_app.notebook import kept_moment
from sessions_app.selectors import hit_by_number
from sessions_app.services.images import image_from_assembly
from sessions_app.services.notebook import entry_keep
from sessions_app.services.recipes import recipe_store
from sessions_app.services.runs import run_create
from sessions_app.tests.debugger.programs import assembled, recipe_of
from sessions_app.tests.factories import create_session, create_user

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("worker"),
]

#: counter counts to 40, and pointer points to it.
SOURCE = """
_start:
    mov $40, %ecx
again:
    addl $1, counter(%rip)
    loop again
    mov $60, %eax
    xor %edi, %edi
    syscall
.data
counter: .quad 0
pointer: .quad counter
"""
WATCH = {"owner": "perf_user", "task": "main", "type": "write", "length": 4}


@pytest.fixture
def alice(transactional_db: None) -> User:
    return create_user("alice")


@pytest.fixture
def counted(alice: User) -> Run:
    """The run at its end."""
    image = image_from_assembly(source=SOURCE, mode="user")
    recipe = recipe_store(recipe_of(image.pk, breakpoints=[WATCH | {"at": "counter"}]))
    run = run_create(session=create_session(alice), recipe=recipe)
    deadline = time.monotonic() + 30
    while not run.is_over and time.monotonic() < deadline:
        time.sleep(0.05)
        run.refresh_from_db()
    assert run.hits == 40
    return run


@pytest.fixture
def api(alice: User) -> APIClient:
    client = APIClient()
    client.force_login(alice)
    return client


@pytest.fixture
def browser_of(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def seq_of(run: Run, hit: int) -> int:
    record = hit_by_number(run, hit)
    assert record is not None
    return record.seq


def read(api: APIClient, run: Run, hit: int, **query: Any) -> Any:
    given = {"event": seq_of(run, hit), "address": "counter", "length": 16} | query
    return api.get(f"/api/v1/runs/{run.pk}/memory/", given)


def test_memory_is_that_of_the_hit(api: APIClient, counted: Run) -> None:
    found = {}
    for hit in (1, 7, 40):
        (piece,) = read(api, counted, hit).json()["pieces"]
        found[hit] = int.from_bytes(bytes.fromhex(piece["data"])[:8], "little")

    assert found == {1: 1, 7: 7, 40: 40}


def test_an_address_may_be_counted_from_a_register(
    api: APIClient, counted: Run
) -> None:
    told = read(api, counted, 3, address="rip - rip + counter + 4").json()

    symbols = assembled(SOURCE)[2]
    assert int(told["address"], 16) == symbols["counter"] + 4


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ({"address": ""}, 422, "address"),
        ({"address": "nowhere"}, 422, "address"),
        ({"address": "u64[rsp]"}, 422, "address"),
        ({"length": 0}, 422, "length"),
        ({"length": 1 << 20}, 422, "length"),
        ({"event": "x"}, 422, "event"),
    ],
)
def test_what_is_wrong_is_named(
    api: APIClient, counted: Run, query: dict[str, Any], status: int, field: str
) -> None:
    answer = read(api, counted, 1, **query)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (status, field)


def test_others_find_nothing(counted: Run) -> None:
    client = APIClient()
    client.force_login(create_user("charlie"))

    assert read(client, counted, 1).status_code == 404


def pane(client: Client, run: Run, **query: Any) -> Any:
    url = f"/sessions/{run.session_id}/runs/{run.number}/memory/"
    answer = client.get(url, query, headers={"X-Fragment": "1"})
    assert answer.status_code == 200
    return answer.context


def test_what_changed_since_the_hit_before_is_marked(
    browser_of: Client, counted: Run
) -> None:
    told = pane(browser_of, counted, hit=7)["pane"]

    assert [(c.place, c.before, c.now) for c in told.changes] == [("counter", 6, 7)]


def test_the_watched_bytes_have_their_slot(browser_of: Client, counted: Run) -> None:
    told = pane(browser_of, counted, hit=7)["pane"]

    cells = [
        (row.address + at, cell)
        for row in told.rows
        for at, cell in enumerate(row.cells)
    ]
    counter = assembled(SOURCE)[2]["counter"]
    watched = [address for address, cell in cells if cell.slot == 0]
    assert watched == [counter + at for at in range(4)]


def test_a_pointer_can_be_followed(browser_of: Client, counted: Run) -> None:
    told = pane(browser_of, counted, hit=7, at="pointer")["pane"]

    symbols = assembled(SOURCE)[2]
    found = {
        row.address + pointer.offset: pointer.to
        for row in told.rows
        for pointer in row.pointers
    }
    assert found[symbols["pointer"]] == symbols["counter"]


def test_a_kept_moment_can_be_compared_with(
    browser_of: Client, counted: Run, alice: User
) -> None:
    seq = seq_of(counted, 2)
    kept = kept_moment(counted, seq)
    entry_keep(session=counted.session, run=counted, by=alice, kept=kept)

    told = pane(browser_of, counted, hit=7, since=str(seq))["pane"]

    assert [(c.before, c.now) for c in told.changes] == [(2, 7)]


def test_what_is_no_address_is_said_in_place(browser_of: Client, counted: Run) -> None:
    told = pane(browser_of, counted, hit=7, at="rsp +")

    assert (told["pane"], "expected a value" in told["problem"]) == (None, True)


def test_without_a_script_it_is_a_page(browser_of: Client, counted: Run) -> None:
    url = f"/sessions/{counted.session_id}/runs/1/memory/?hit=7"

    html = browser_of.get(url).content.decode()

    assert "<h1" in html and "1 byte changed since the previous hit" in html


def test_a_hit_that_is_not_there_is_not_found(browser_of: Client, counted: Run) -> None:
    url = f"/sessions/{counted.session_id}/runs/1/memory/?hit=41"

    assert browser_of.get(url).status_code == 404
