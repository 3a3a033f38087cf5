"""Who is in a team, and what they may do with it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.errors import TeamRefused
from sessions_app.models import Membership, Team
from sessions_app.services import teams as services
from sessions_app.services.accounts import invitation_create
from sessions_app.services.teams import member_join, member_remove, team_create
from sessions_app.tests.factories import create_user


@pytest.fixture
def team(alice: User) -> Team:
    return team_create(owner=alice, name="kgdb")


@pytest.fixture
def charlies(team: Team, charlie: User) -> Membership:
    return member_join(team=team, user=charlie, role="viewer")


def role_of(team: Team, name: str) -> str | None:
    """Of somebody in it; None for whoever is not."""
    found = team.members.filter(user__username=name)
    return found.values_list("role", flat=True).first()


def post(client: Client, team: Team, tail: str, **given: str) -> int:
    return client.post(f"/teams/{team.pk}/{tail}", given).status_code


def test_whoever_makes_a_team_is_its_owner(alice_client: Client) -> None:
    alice_client.post("/teams/", {"name": "kgdb"})

    assert role_of(Team.objects.get(name="kgdb"), "alice") == "owner"


@pytest.mark.parametrize("name", ["", " ", "x" * 81])
def test_a_team_needs_a_name_of_1_to_80_characters(
    alice_client: Client, name: str
) -> None:
    assert alice_client.post("/teams/", {"name": name}).status_code == 422
    assert not Team.objects.exists()


def test_an_owner_adds_somebody_by_name(
    alice_client: Client, team: Team, charlie: User
) -> None:
    post(alice_client, team, "members/", user="charlie", role="commenter")

    assert role_of(team, "charlie") == "commenter"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"user": "nobody", "role": "viewer"}, "nobody here is called"),
        ({"user": "alice", "role": "viewer"}, "is in the team already"),
        ({"user": "alice", "role": "king"}, "a user name and a role"),
    ],
)
def test_a_wrong_name_or_role_is_said(
    alice_client: Client, team: Team, given: dict[str, str], words: str
) -> None:
    answer = alice_client.post(f"/teams/{team.pk}/members/", given)

    assert (answer.status_code, words in answer.text) == (422, True)
    assert team.members.count() == 1


def test_an_owner_changes_a_role(
    alice_client: Client, team: Team, charlies: Membership
) -> None:
    post(alice_client, team, f"members/{charlies.pk}/", role="maintainer")

    assert role_of(team, "charlie") == "maintainer"


def test_an_owner_puts_somebody_out(
    alice_client: Client, team: Team, charlies: Membership
) -> None:
    post(alice_client, team, f"members/{charlies.pk}/", do="remove")

    assert role_of(team, "charlie") is None


def test_a_member_leaves(
    charlie_client: Client, team: Team, charlies: Membership
) -> None:
    post(charlie_client, team, "leave/")

    assert role_of(team, "charlie") is None


def test_the_last_owner_cannot_leave(alice_client: Client, team: Team) -> None:
    assert post(alice_client, team, "leave/") == 422
    assert role_of(team, "alice") == "owner"


def test_the_last_owner_cannot_become_something_else(
    alice_client: Client, team: Team
) -> None:
    member = team.members.get()

    assert post(alice_client, team, f"members/{member.pk}/", role="viewer") == 422
    assert role_of(team, "alice") == "owner"


def test_a_role_that_changed_meanwhile_counts(
    alice: User, team: Team, charlies: Membership
) -> None:
    """Looked up as a viewer, charlie is the last owner by the time of leaving."""
    Membership.objects.filter(pk=charlies.pk).update(role="owner")
    team.members.filter(user=alice).delete()

    with pytest.raises(TeamRefused):
        member_remove(member=charlies)


def test_one_of_two_owners_can_leave(
    alice_client: Client, team: Team, charlies: Membership
) -> None:
    post(alice_client, team, f"members/{charlies.pk}/", role="owner")
    post(alice_client, team, "leave/")

    assert [m.user.username for m in team.members.all()] == ["charlie"]


def test_a_member_of_another_team_is_not_found(
    alice_client: Client, team: Team, charlie: User
) -> None:
    other = team_create(owner=charlie, name="perf").members.get()

    assert post(alice_client, team, f"members/{other.pk}/", do="remove") == 404
    assert Membership.objects.filter(pk=other.pk).exists()


def test_a_full_team_takes_nobody(
    alice_client: Client, team: Team, charlie: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_MEMBERS", 1)

    answer = post(alice_client, team, "members/", user="charlie", role="viewer")

    assert (answer, role_of(team, "charlie")) == (422, None)


def test_a_person_is_in_so_many_teams_at_most(
    alice_client: Client, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MAX_TEAMS", 1)

    assert alice_client.post("/teams/", {"name": "perf"}).status_code == 422


def test_an_invitation_of_a_team_makes_an_account_in_it(
    alice: User, team: Team
) -> None:
    secret = invitation_create(by=alice, team=team, role="controller")
    new = Client()
    word = "long enough to be a password"

    new.post(
        f"/invited/{secret}/",
        {"username": "erin", "password1": word, "password2": word},
    )

    assert role_of(team, "erin") == "controller"


def test_whoever_has_an_account_joins_with_it(
    alice: User, team: Team, charlie_client: Client
) -> None:
    secret = invitation_create(by=alice, team=team, role="commenter")

    charlie_client.post(f"/invited/{secret}/")

    assert role_of(team, "charlie") == "commenter"


def test_looking_at_an_invitation_spends_nothing(
    alice: User, team: Team, charlie_client: Client
) -> None:
    secret = invitation_create(by=alice, team=team, role="commenter")

    answer = charlie_client.get(f"/invited/{secret}/")

    assert "Join as charlie" in answer.text
    assert role_of(team, "charlie") is None


def test_an_invitation_works_once(
    alice: User, team: Team, charlie_client: Client
) -> None:
    secret = invitation_create(by=alice, team=team, role="commenter")
    charlie_client.post(f"/invited/{secret}/")
    dora = Client()
    dora.force_login(create_user("dora"))

    assert dora.post(f"/invited/{secret}/").status_code == 410
    assert role_of(team, "dora") is None


def test_nobody_loses_a_role_by_an_invitation(
    alice: User, team: Team, charlie_client: Client, charlies: Membership
) -> None:
    Membership.objects.filter(pk=charlies.pk).update(role="maintainer")
    secret = invitation_create(by=alice, team=team, role="viewer")

    charlie_client.post(f"/invited/{secret}/")

    assert role_of(team, "charlie") == "maintainer"


def test_an_invitation_ends_with_the_right_to_invite(
    alice: User, team: Team, charlie_client: Client
) -> None:
    secret = invitation_create(by=alice, team=team, role="owner")
    member_join(team=team, user=create_user("dora"), role="owner")
    team.members.filter(user=alice).delete()

    assert charlie_client.post(f"/invited/{secret}/").status_code == 410


def test_a_team_over_rest(alice_api: APIClient, charlie: User) -> None:
    made = alice_api.post("/api/v1/teams/", {"name": "kgdb"}).json()
    path = f"/api/v1/teams/{made['id']}/"
    given = {"user": "charlie", "role": "viewer"}
    member = alice_api.post(f"{path}members/", given).json()
    alice_api.patch(f"{path}members/{member['id']}/", {"role": "maintainer"})

    found = alice_api.get(f"{path}members/").json()

    assert (made["name"], made["role"]) == ("kgdb", "owner")
    assert [(m["user"], m["role"]) for m in found] == [
        ("alice", "owner"),
        ("charlie", "maintainer"),
    ]


def test_a_team_is_renamed_over_rest(alice_api: APIClient, team: Team) -> None:
    answer = alice_api.patch(f"/api/v1/teams/{team.pk}/", {"name": "perf"})

    assert answer.json()["name"] == "perf"
    assert alice_api.get("/api/v1/teams/").json()[0]["name"] == "perf"


def test_a_deleted_team_is_gone_for_its_members(
    alice_api: APIClient, charlie_api: APIClient, team: Team, charlies: Membership
) -> None:
    alice_api.delete(f"/api/v1/teams/{team.pk}/")

    assert charlie_api.get(f"/api/v1/teams/{team.pk}/").status_code == 404


def test_a_member_leaves_over_rest(
    charlie_api: APIClient, team: Team, charlies: Membership
) -> None:
    path = f"/api/v1/teams/{team.pk}/members/{charlies.pk}/"

    assert charlie_api.delete(path).status_code == 204
    assert charlie_api.get("/api/v1/teams/").json() == []


def test_the_last_owner_is_told_why_over_rest(alice_api: APIClient, team: Team) -> None:
    path = f"/api/v1/teams/{team.pk}/members/{team.members.get().pk}/"

    answer = alice_api.delete(path)

    assert (answer.status_code, answer.json()["code"]) == (409, "team_refused")
    assert answer.json()["errors"][0]["allowed"].startswith("make somebody else")


def test_an_invitation_over_rest_is_an_address(
    alice_api: APIClient, team: Team, charlie_client: Client
) -> None:
    path = f"/api/v1/teams/{team.pk}/invitations/"
    url = alice_api.post(path, {"role": "viewer"}).json()["url"]

    charlie_client.post(url.removeprefix("http://testserver"))

    assert role_of(team, "charlie") == "viewer"
