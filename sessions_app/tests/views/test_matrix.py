"""The page of the behaviour matrix, and of one cell."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from sessions_app import runner
from sessions_app.models import Run
from sessions_app.tests.matrix.cells import WRONG, store_all, store_cell

ROWS, KERNELS = len(runner.matrix_rows()), len(runner.variants())


def page(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return answer.content.decode()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("url", ["/matrix/", "/matrix/W1/d1/"])
def test_a_stranger_is_asked_to_sign_in(client: Client, db: None, url: str) -> None:
    assert client.get(url)["Location"].startswith("/accounts/login/")


def test_it_has_each_row_and_each_kernel(alice_client: Client) -> None:
    html = page(alice_client, "/matrix/")

    assert html.count('<th scope="row">') == ROWS
    assert html.count('class="kernel-t"') == KERNELS
    assert html.count('<a href="/matrix/W') == ROWS * KERNELS


def test_a_row_has_its_question(alice_client: Client) -> None:
    text = words(page(alice_client, "/matrix/"))

    assert "W1 Write watchpoint A kernel thread writes what kgdb watches" in text


@pytest.mark.parametrize(
    ("row", "word", "css", "icon", "spoken"),
    [
        ("W1", "stops:1", "", "check", "holds"),
        ("W1", "lost", "bad", "fault", "fault"),
        ("W8", "yes", "warnc", "warn", "caution"),
        ("W8", "na", "na", "none", "na"),
    ],
)
def test_a_word_has_a_shape_and_is_spoken(
    alice_client: Client, row: str, word: str, css: str, icon: str, spoken: str
) -> None:
    store_cell(row, "d1", word)

    html = page(alice_client, f"/matrix/?row={row}&variant=d1")

    cell = re.search(r'<td class="([^"]*)">(.*?)</td>', html)
    assert cell is not None and cell[1] == css
    assert f"#i-{icon}" in cell[2]
    assert words(cell[2]).strip() == f"{word} , {spoken}"


def test_what_moved_is_outlined_and_spoken(alice_client: Client) -> None:
    store_cell("W6", "d1")
    store_cell("W6", "d2", WRONG)

    html = page(alice_client, "/matrix/?row=W6&variant=d2")

    assert '<td class="bad moved">' in html and ", fault, moved" in html


def test_what_is_not_known_says_so(alice_client: Client, redis_server: str) -> None:
    html = page(alice_client, "/matrix/")

    assert html.count("not run") == ROWS * KERNELS
    assert f"0 of {ROWS * KERNELS} cells known; the others are being computed" in html


def test_without_a_queue_the_page_says_that(alice_client: Client, settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    html = page(alice_client, "/matrix/")

    assert "the queue of short jobs cannot be reached" in html
    assert 'http-equiv="refresh"' not in html


def test_a_whole_table_names_the_build(alice_client: Client) -> None:
    store_all()

    html = page(alice_client, "/matrix/")

    assert f'by emulator <span class="mono">{runner.build_id()}' in html
    assert 'data-missing="0"' in html


@pytest.mark.parametrize(
    ("query", "rows", "kernels"),
    [
        ("row=W1", ["W1"], KERNELS),
        ("row=W5,W1", ["W1", "W5"], KERNELS),
        ("row=W5&row=W1", ["W1", "W5"], KERNELS),
        ("row=W1&variant=d1,h-bare", ["W1"], 2),
        ("row=", [r.id for r in runner.matrix_rows()], KERNELS),
    ],
)
def test_the_address_chooses_rows_and_kernels(
    alice_client: Client, query: str, rows: list[str], kernels: int
) -> None:
    html = page(alice_client, f"/matrix/?{query}")

    shown = re.findall(r'<th scope="row"><b><span class="mono">(W\d+)<', html)
    assert (shown, html.count('class="kernel-t"')) == (rows, kernels)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("row=W99", "row: “W99” is not known"),
        ("variant=z", "variant: “z” is not known"),
    ],
)
def test_a_wrong_choice_says_what_there_is(
    alice_client: Client, query: str, said: str
) -> None:
    html = page(alice_client, f"/matrix/?{query}", status=422)

    assert said in html and html.count('<th scope="row">') == ROWS


def test_a_script_gets_the_table_alone(alice_client: Client) -> None:
    answer = alice_client.get("/matrix/", headers={"X-Fragment": "1"})

    assert answer.content.lstrip().startswith(b'<p class="matrix-state"')


def test_the_page_needs_few_queries(
    alice_client: Client, django_assert_max_num_queries
) -> None:
    store_all()

    # And the sets that could be columns, and the count in the head.
    with django_assert_max_num_queries(6):
        page(alice_client, "/matrix/")


# --- One cell


def test_a_cell_shows_word_recipe_and_digest(alice_client: Client) -> None:
    store_cell("W1", "d2", "lost")

    text = words(page(alice_client, "/matrix/W1/d2/"))

    assert "Nobody is told of it." in text
    assert "ab" * 32 in text and "cd" * 32 in text
    assert "A kernel thread writes what kgdb watches" in text


def test_a_cell_that_moved_says_from_where(alice_client: Client) -> None:
    store_cell("W1", "d1", "stops:1")
    store_cell("W1", "d2", "lost")

    assert "d1 says stops:1 ." in words(page(alice_client, "/matrix/W1/d2/"))


def test_a_cell_shows_its_recipe(alice_client: Client) -> None:
    html = page(alice_client, "/matrix/W1/d2/")

    assert "&quot;base&quot;: &quot;d2&quot;" in html


@pytest.mark.parametrize("url", ["/matrix/W99/d2/", "/matrix/W1/z/", "/matrix/W1/b/"])
def test_a_cell_that_is_not_there_is_404(alice_client: Client, url: str) -> None:
    assert alice_client.get(url).status_code == 404


@pytest.mark.parametrize("tail", ["run/", "compare/"])
def test_a_get_runs_nothing(alice_client: Client, tail: str) -> None:
    assert alice_client.get(f"/matrix/W1/d2/{tail}").status_code == 405


def test_the_button_leads_to_the_run(alice_client: Client) -> None:
    answer = alice_client.post("/matrix/W1/d2/run/")

    run = Run.objects.get()
    assert answer["Location"] == f"/sessions/{run.session_id}/?run=1"
    assert run.label == "2.6.34: perf eats kgdb's breakpoints"


def test_a_second_click_goes_to_the_same_run(alice_client: Client) -> None:
    places = [alice_client.post("/matrix/W1/d2/run/")["Location"] for _ in range(2)]

    assert places[0] == places[1] and Run.objects.count() == 1


def test_a_cell_is_compared_with_the_kernel_before_it(alice_client: Client) -> None:
    answer = alice_client.post("/matrix/W1/d2/compare/")

    left, right = Run.objects.order_by("number")
    assert answer["Location"] == f"/compare/{left.pk}/{right.pk}/?wait=1"
    assert '"base":"d1"' in left.recipe.body and '"base":"d2"' in right.recipe.body


def test_the_first_kernel_has_none_before_it(alice_client: Client) -> None:
    assert alice_client.post("/matrix/W1/a/compare/").status_code == 404
