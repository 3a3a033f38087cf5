"""Processes die while a run streams; the page ends with every hit once."""

from __future__ import annotations

import os
import signal
from collections import Counter

import pytest
from playwright.sync_api import Page, expect

from emulator.tests.compiling import image_of
from hwbpweb.tests.processes import Service
from sessions_app.tests.browser.live_page import (
    handed,
    held_rows,
    shown_hits,
    stored_rows,
    wait_for_end,
    watch_feed,
)
from sessions_app.tests.browser.rest import Api

pytestmark = [pytest.mark.processes, pytest.mark.timeout(170)]

HITS = 15_000
ROUNDS = 7_000


@pytest.fixture(scope="module")
def long_recipe(api: Api) -> str:
    """About five seconds of hits; more events than a socket replays."""
    return api.recipe(
        api.upload(image_of("paced"), "paced").body["sha256"],
        args=[str(HITS), str(ROUNDS)],
        breakpoints=[{"type": "write", "length": 8, "at": "sample"}],
        instructions=5_000_000_000,
    )


@pytest.fixture(scope="module")
def undisturbed(api: Api, long_recipe: str) -> str:
    """A run whose worker lives; it begins beside the first test."""
    return api.run(long_recipe)


def follow(page: Page, api: Api, recipe: str) -> str:
    """Open the page of a new run and wait until hits arrive; the id of the run."""
    session = api.session("Until somebody dies")
    run = api.run(recipe, session)
    page.goto(f"{api.base}/sessions/{session}/")
    watch_feed(page)
    page.wait_for_function("() => window.handed.length > 100")
    return run


def each_once(page: Page) -> bool:
    """Whether no hit of the last epoch was handed to the table twice."""
    told = handed(page)
    last = max(epoch for epoch, _, _ in told)
    numbers = Counter(number for epoch, number, _ in told if epoch == last)
    return max(numbers.values()) == 1


def kill(service: Service, word: str) -> None:
    os.kill(service.pid_of(word), signal.SIGKILL)


def test_the_page_survives_the_web_process(
    page: Page, api: Api, service: Service, long_recipe: str, undisturbed: str
) -> None:
    run = follow(page, api, long_recipe)
    before = shown_hits(page)

    kill(service, "uvicorn")

    expect(page.locator("#offline")).to_contain_text("Connection lost")
    expect(page.locator("#offline")).to_be_hidden()
    wait_for_end(page, seconds=90)
    state = api.state(run)
    assert (state["epoch"], state["hits"]) == (1, HITS)
    assert 0 < before < HITS
    assert shown_hits(page) == HITS
    assert each_once(page)
    assert held_rows(page) == stored_rows(api.hits(run))


def test_the_page_survives_the_worker(
    page: Page, api: Api, service: Service, long_recipe: str, undisturbed: str
) -> None:
    digest = api.end(undisturbed)["digest"]
    run = follow(page, api, long_recipe)

    kill(service, "--queues runs")

    wait_for_end(page, seconds=120)
    state = api.state(run)
    assert (state["epoch"], state["state"]) == (2, "finished")
    assert state["digest"] == digest
    assert shown_hits(page) == HITS
    assert each_once(page)
    assert held_rows(page) == stored_rows(api.hits(run))
