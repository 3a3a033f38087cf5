"""The permission table, walked: role × method × address."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.urls import get_resolver, reverse

from sessions_app.models import DebugSession, Run
from sessions_app.tests.permissions.table import METHODS, ROLES, RULES, parsed
from sessions_app.tests.permissions.world import World, routes

TABLE = parsed()
CASES = [
    (name, method, rule)
    for name, rules in TABLE.items()
    for method, rule in rules.items()
]


@pytest.fixture
def world(session: DebugSession, run: Run) -> World:
    return World(session, run)


@cache
def placeholders(name: str) -> tuple[str, ...]:
    """Of a route."""
    space, _, own = name.rpartition(":")
    resolver: Any = get_resolver()
    if space:
        resolver = resolver.namespace_dict[space][1]
    found: list[Any] = resolver.reverse_dict.getlist(own)
    return tuple(found[0][0][0][1])


def asked(world: World, role: str, name: str, method: str) -> HttpResponseBase:
    address = reverse(name, kwargs=world.arguments(name, iter(placeholders(name))))
    client = world.client(role)
    if method == "GET":
        return client.get(f"{address}?{world.query}")
    sent: Any = getattr(client, method.lower())
    if name.startswith("api:"):
        return sent(address, data="{}", content_type="application/json")
    return sent(address, {"do": "resolve"})


def heard(world: World, role: str, name: str, method: str) -> object:
    """What a role gets; what it does thereby is undone, for others come after it."""
    with transaction.atomic():
        found = outcome(asked(world, role, name, method))
        transaction.set_rollback(True)
    return found


def outcome(answer: HttpResponseBase) -> object:
    """``ok``, ``login``, or the status."""
    status = answer.status_code
    if status in (302, 303) and "/accounts/login/?" in answer["Location"]:
        return "login"
    return status if status in (401, 403, 404, 405) or status >= 500 else "ok"


def test_every_route_has_a_line() -> None:
    assert sorted(routes()) == sorted(TABLE)


def test_every_rule_knows_every_role() -> None:
    for rule in RULES.values():
        assert set(rule) == set(ROLES)


#: Open addresses whose answer is a refusal by itself.
ANSWERS = {
    ("login-link", "GET"): {"ok", 410},
    ("sign-up", "GET"): {404},
    ("sign-up", "POST"): {404},
    ("share-open", "GET"): {"ok", 404, 410},
    ("share-open", "POST"): {"ok", 404, 410},
    ("health", "GET"): {"ok", 503},
}
#: 404 is an answer of the owner's too: it is not deleted.
#: Here is no Redis: whoever is let in hears that.
NEEDS_REDIS = {"api:run-viewers"}
NOTHING_THERE = {
    *("run-replay", "session-restore", "api:run-replay", "api:session-restore"),
}


@pytest.mark.parametrize(("name", "method", "rule"), CASES)
def test_what_each_role_gets(world: World, name: str, method: str, rule: str) -> None:
    got = {role: heard(world, role, name, method) for role in ROLES}

    own = ANSWERS.get((name, method), set())
    right = {role: {RULES[rule][role]} | own for role in ROLES}
    if name in NOTHING_THERE:
        right["owner"].add(404)
    if name in NEEDS_REDIS:
        right = {
            role: all_ | {503} if "ok" in all_ else all_ for role, all_ in right.items()
        }
    assert {role: got[role] for role in ROLES if got[role] not in right[role]} == {}


def test_other_methods_are_not_allowed(world: World) -> None:
    """The table is whole: even the owner may do nothing else there."""
    others = [(n, m) for n in TABLE for m in METHODS if m not in TABLE[n]]

    got = {pair: outcome(asked(world, "owner", *pair)) for pair in others}

    assert {pair: found for pair, found in got.items() if found != 405} == {}
