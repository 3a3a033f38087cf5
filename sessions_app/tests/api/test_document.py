"""Every operation of the OpenAPI document, asked with what the document allows and with
what it does not: the answers are those that it documents."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sessions_app import runner
from sessions_app.api.documented import operations
from sessions_app.models import DebugSession, Run
from sessions_app.services.sharing import token_create
from sessions_app.tests.permissions.world import World

EXAMPLES = 8
CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: Here is neither Redis nor a worker: whoever needs one hears that.
AWAY = 503


@cache
def document() -> dict[str, Any]:
    """As it is served."""
    made = SchemaGenerator(api_version="v1").get_schema(request=None, public=True)
    told: dict[str, Any] = json.loads(OpenApiJsonRenderer().render(made))
    return told


@cache
def loaded() -> Any:
    found = schemathesis.openapi.from_dict(document())
    found.app = get_wsgi_application()
    return found


def has_input(operation: dict[str, Any]) -> bool:
    """Whether there is anything that a client could get wrong."""
    return bool(operation.get("parameters") or operation.get("requestBody"))


CASES = [
    (method, path, mode)
    for path, method, operation in operations(document())
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode == GenerationMode.POSITIVE or has_input(operation)
]


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The server closes the database's after each request; here it is the test's."""
    both = (signals.request_started, signals.request_finished)
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)


@pytest.fixture
def world(session: DebugSession, run: Run) -> World:
    return World(session, run)


def own_things(world: World) -> dict[str, Any]:
    """Values for the placeholders of a path, by the words before or inside the braces."""
    return {
        "sessions": world.session.pk,
        "runs": world.run.pk,
        "recipes": world.run.recipe_id,
        "variants": "g-bare",
        "switch-sets": world.switches.pk,
        "reviews": world.review.pk,
        "remarks": world.remark.pk,
        "tokens": world.token.pk,
        "webhooks": world.webhook.pk,
        "deliveries": world.delivery.pk,
        "notifications": world.notice.pk,
        "annotations": world.annotation.pk,
        "notebook": world.entry.pk,
        "share-links": world.link.pk,
        "events": 7,
        "hits": 2,
        "scenarios": runner.scenarios()[0].slug,
        "{left}": 1,
        "{right}": 2,
        "{row}": "W1",
        "{column}": "g-bare",
    }


def values_for(path: str, things: dict[str, Any]) -> dict[str, str]:
    found = {}
    for before, name in re.findall(r"([\w-]+|\})/\{(\w+)\}", path):
        found[name] = str(things.get(f"{{{name}}}", things.get(before)))
    return found


def asked(case: Any, headers: dict[str, str]) -> Any:
    """The answer, with nothing left changed behind it."""
    with transaction.atomic():
        answer = case.call(headers=headers)
        transaction.set_rollback(True)
    return answer


def test_the_document_has_no_name_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """drf-spectacular says what it cannot tell apart where the document is made."""
    document.cache_clear()
    document()

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("status", ["401", "403", "404", "406", "422", "503"])
def test_every_operation_documents_its_refusals(status: str) -> None:
    told = {
        (method, path): list(operation["responses"].get(status, {}).get("content", {}))
        for path, method, operation in operations(document())
    }

    assert {k: v for k, v in told.items() if v != ["application/problem+json"]} == {}


@pytest.mark.parametrize("status", ["400", "409", "413", "415"])
def test_every_post_documents_what_can_be_wrong_with_it(status: str) -> None:
    told = {
        path: list(operation["responses"].get(status, {}).get("content", {}))
        for path, method, operation in operations(document())
        if method == "post"
    }

    assert {k: v for k, v in told.items() if v != ["application/problem+json"]} == {}


def test_a_page_with_a_cursor_of_its_own_is_no_list() -> None:
    answer = document()["paths"]["/api/v1/runs/{run_pk}/hits/"]["get"]["responses"]

    assert answer["200"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/HitPageOut"
    }


def test_no_address_of_the_api_is_a_problem(client: Client) -> None:
    answer = client.get("/api/v1/nowhere/at/all/")

    assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (
        404,
        "application/problem+json",
        "not_found",
    )


@pytest.mark.parametrize(("method", "path", "mode"), CASES)
def test_answers_are_as_documented(
    world: World, method: str, path: str, mode: GenerationMode
) -> None:
    _, secret = token_create(user=world.alice, name="a script")
    headers = {"Authorization": f"Bearer {secret}"}
    own = values_for(path, own_things(world))
    operation = loaded()[path][method.upper()]
    # What only its path says can only be asked wrongly by its path.
    only_path = not (operation.query or operation.body)
    if mode == GenerationMode.NEGATIVE and only_path:
        own = {}
    cases = operation.as_strategy(mode, path_parameters=own or None)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def walk(case: Any) -> None:
        answer = asked(case, headers)
        assert answer.status_code < 500 or answer.status_code == AWAY, answer.text
        case.validate_response(answer, checks=CHECKS)

    walk()
