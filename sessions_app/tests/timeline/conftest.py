"""A stored story, and a process that has not seen it yet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emulator.trace.record import Record
from sessions_app.models import DebugSession, Run
from sessions_app.services.marks import marks_store
from sessions_app.tests.factories import create_recipe, create_run
from sessions_app.tests.timeline import story
from sessions_app.timeline.index import forget_marks


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing is kept from one test to the next."""
    forget_marks()
    yield
    forget_marks()


@pytest.fixture
def rows() -> list[Record]:
    """What happened."""
    return story.records(3000)


@pytest.fixture(params=["from chunks", "from stored marks"])
def told(
    request: pytest.FixtureRequest, session: DebugSession, rows: list[Record]
) -> Run:
    """The run of these records, with its marks stored and without."""
    recipe = create_recipe(machine={"cpus": story.CPUS, "memory": 33554432})
    run = create_run(session, recipe=recipe)
    story.store(run, rows)
    if request.param == "from stored marks":
        marks_store(run.pk, run.epoch)
    return run
