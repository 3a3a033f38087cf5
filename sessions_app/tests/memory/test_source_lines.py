"""A program by gcc -g says which line of its source a hit stands in."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from emulator.tests.compiling import SOURCES, image_of
from sessions_app.models import Image, Run
from sessions_app.services.images import image_from_elf
from sessions_app.services.recipes import recipe_store
from sessions_app.services.runs import run_create
from sessions_app.tests.debugger.programs import recipe_of
from sessions_app.tests.factories import create_session, create_user
from sessions_app.tests.runs.test_worker import ended

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("worker"),
]


@pytest.fixture
def alice(transactional_db: None) -> User:
    return create_user("alice")


@pytest.fixture
def image() -> Image:
    return image_from_elf(data=image_of("paced"), name="paced")


def store_line() -> int:
    """The line of paced.c that writes to sample, from 1."""
    lines = (SOURCES / "paced.c").read_text(encoding="utf-8").splitlines()
    (found,) = [n for n, text in enumerate(lines, start=1) if "sample =" in text]
    return found


def test_a_hit_names_the_line_that_wrote(alice: User, image: Image) -> None:
    watch = {"owner": "perf_user", "task": "main", "type": "write", "length": 8}
    body = recipe_of(image.pk, breakpoints=[watch | {"at": "sample"}])
    limits = body["limits"] | {"events": 100}
    recipe = recipe_store(body | {"limits": limits})
    run: Run = ended(run_create(session=create_session(alice), recipe=recipe))
    client = Client()
    client.force_login(alice)

    answer = client.get(f"/sessions/{run.session_id}/?run=1&hit=3")

    moment = answer.context["moment"]
    assert moment.source_line == f"paced.c:{store_line()}"
    (trapped,) = [line for line in moment.code if line.mark == "trap"]
    assert f"paced.c:{store_line()}" in answer.content.decode()
    assert trapped.line.address < moment.record.rip


def test_a_program_without_debug_information_has_no_lines(alice: User) -> None:
    data = image_of("paced").replace(b".debug_line", b".nothing_in")

    image = image_from_elf(data=data, name="bare")

    assert image.lines == {}
