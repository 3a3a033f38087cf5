"""Sessions and reviews that were given to a team."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import DebugSession, Review, Run, Team
from sessions_app.services.reviews import review_import
from sessions_app.services.sharing import Terms, share_link_create
from sessions_app.services.teams import member_join, team_create, team_delete
from sessions_app.tests.factories import create_run, create_session, create_user
from sessions_app.tests.reviews.story import THREAD


@pytest.fixture
def team(alice: User, charlie: User) -> Team:
    """Of alice; charlie reads."""
    made = team_create(owner=alice, name="kgdb")
    member_join(team=made, user=charlie, role="viewer")
    return made


def become(team: Team, role: str) -> None:
    team.members.filter(user__username="charlie").update(role=role)


@pytest.fixture
def given(session: DebugSession, run: Run, team: Team) -> DebugSession:
    session.team = team
    session.save()
    return session


@pytest.fixture
def review(alice: User, team: Team) -> Review:
    made = review_import(owner=alice, data=THREAD)[0].review
    made.team = team
    made.save()
    return made


def test_its_owner_gives_it_on_the_share_page(
    session: DebugSession, team: Team, alice_client: Client
) -> None:
    path = f"/sessions/{session.pk}/share/visibility/"

    alice_client.post(path, {"visibility": "private", "team": str(team.pk)})

    session.refresh_from_db()
    assert session.team == team


def test_its_owner_takes_it_back(given: DebugSession, alice_client: Client) -> None:
    path = f"/sessions/{given.pk}/share/visibility/"

    alice_client.post(path, {"visibility": "private", "team": ""})

    given.refresh_from_db()
    assert given.team is None


def test_its_owner_gives_it_over_rest(
    session: DebugSession, team: Team, alice_api: APIClient
) -> None:
    path = f"/api/v1/sessions/{session.pk}/"

    answer = alice_api.patch(path, {"team": str(team.pk)}, format="json")

    assert answer.json()["team"] == str(team.pk)


def test_nothing_is_given_to_a_team_of_others(
    session: DebugSession, alice_api: APIClient
) -> None:
    others = team_create(owner=create_user("dora"), name="perf")
    path = f"/api/v1/sessions/{session.pk}/"

    answer = alice_api.patch(
        path, {"title": "Changed", "team": str(others.pk)}, format="json"
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_team")
    session.refresh_from_db()
    assert (session.title, session.team) == ("A watched counter", None)


def test_a_maintainer_does_not_give_it_away(
    given: DebugSession, team: Team, charlie: User, charlie_api: APIClient
) -> None:
    become(team, "maintainer")
    mine = team_create(owner=charlie, name="perf")
    path = f"/api/v1/sessions/{given.pk}/"

    answer = charlie_api.patch(path, {"team": str(mine.pk)}, format="json")

    assert answer.status_code == 403


def test_a_maintainer_makes_it_public_though(
    given: DebugSession, team: Team, charlie_client: Client
) -> None:
    become(team, "maintainer")
    path = f"/sessions/{given.pk}/share/visibility/"

    charlie_client.post(path, {"visibility": "public"})

    given.refresh_from_db()
    assert (given.visibility, given.team) == ("public", team)


def test_members_find_it_in_their_list(
    given: DebugSession, charlie_client: Client, charlie_api: APIClient
) -> None:
    assert str(given.pk) in charlie_client.get("/").text
    found = charlie_api.get("/api/v1/sessions/").json()["results"]
    assert [each["id"] for each in found] == [str(given.pk)]


def test_its_runs_are_among_theirs(given: DebugSession, charlie_api: APIClient) -> None:
    found = charlie_api.get("/api/v1/runs/").json()["results"]

    assert [each["session"] for each in found] == [str(given.pk)]


def test_no_row_is_listed_twice(given: DebugSession, alice_api: APIClient) -> None:
    """The team has two members."""
    assert len(alice_api.get("/api/v1/sessions/").json()["results"]) == 1
    assert len(alice_api.get("/api/v1/runs/").json()["results"]) == 1


def test_a_list_asks_as_much_of_many_as_of_one(
    given: DebugSession,
    alice: User,
    charlie_client: Client,
    django_assert_max_num_queries: Any,
) -> None:
    charlie_client.get("/")  # recipes and scenarios are read once
    for _ in range(20):
        other = create_session(alice, team=given.team)
        create_run(other, recipe=given.runs.get().recipe)

    with django_assert_max_num_queries(12):
        text = charlie_client.get("/").text
    assert text.count(">kgdb</span>") == 21


def test_the_page_of_a_team_has_what_was_given(
    given: DebugSession, review: Review, team: Team, charlie_client: Client
) -> None:
    text = charlie_client.get(f"/teams/{team.pk}/").text

    assert given.title in text
    assert review.title in text


def test_a_maintainer_starts_a_run(
    given: DebugSession, run: Run, team: Team, charlie_api: APIClient
) -> None:
    become(team, "maintainer")
    wish = {"session": str(given.pk), "recipe": run.recipe_id}

    assert charlie_api.post("/api/v1/runs/", wish, format="json").status_code == 201


def test_a_controller_does_not(
    given: DebugSession, run: Run, team: Team, charlie_api: APIClient
) -> None:
    become(team, "controller")
    wish = {"session": str(given.pk), "recipe": run.recipe_id}

    assert charlie_api.post("/api/v1/runs/", wish, format="json").status_code == 422


def test_whoever_is_put_out_has_nothing_more(
    given: DebugSession, team: Team, charlie_client: Client
) -> None:
    team.members.filter(user__username="charlie").delete()

    assert charlie_client.get(f"/sessions/{given.pk}/").status_code == 404
    assert str(given.pk) not in charlie_client.get("/").text


def test_what_was_given_stays_with_its_owner_when_the_team_ends(
    given: DebugSession, team: Team, alice_client: Client, charlie_client: Client
) -> None:
    team_delete(team=team)

    assert alice_client.get(f"/sessions/{given.pk}/").status_code == 200
    assert charlie_client.get(f"/sessions/{given.pk}/").status_code == 404


@pytest.mark.parametrize(("role", "uses"), [("viewer", 1), ("maintainer", 0)])
def test_a_member_who_may_as_much_spends_no_link(
    given: DebugSession, team: Team, charlie_client: Client, role: str, uses: int
) -> None:
    become(team, role)
    terms = Terms(role="controller")
    link, secret = share_link_create(of=given, by=given.owner, terms=terms)

    answer = charlie_client.get(f"/s/{secret}/")

    link.refresh_from_db()
    assert (answer.status_code, link.used_count) == (302, uses)


def test_the_session_page_says_whose_it_is(
    given: DebugSession, charlie_client: Client
) -> None:
    text = charlie_client.get(f"/sessions/{given.pk}/").text

    assert "given to the team" in text


def test_a_review_is_given_on_its_page(
    review: Review, team: Team, alice_client: Client
) -> None:
    Review.objects.update(team=None)

    alice_client.post(f"/reviews/{review.pk}/change/", {"team": str(team.pk)})

    review.refresh_from_db()
    assert review.team == team


def test_a_review_of_a_team_is_in_its_members_lists(
    review: Review, charlie_client: Client
) -> None:
    assert review.title in charlie_client.get("/reviews/").text


def test_a_commenter_of_the_team_remarks_in_it(
    review: Review, team: Team, charlie_client: Client
) -> None:
    become(team, "commenter")
    mail = review.messages.get(message_id="v1@example.org")
    wish = {"message": mail.pk, "at": 1, "body": "Here."}

    charlie_client.post(f"/reviews/{review.pk}/remarks/", wish)

    assert review.remarks.get().author_name == "charlie"


def test_a_review_over_rest_says_its_team(
    review: Review, team: Team, charlie_api: APIClient
) -> None:
    answer = charlie_api.get(f"/api/v1/reviews/{review.pk}/")

    assert answer.json()["team"] == str(team.pk)
