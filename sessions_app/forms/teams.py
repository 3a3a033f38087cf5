"""Forms of teams, and of who sees a session."""

from __future__ import annotations

from django import forms

from sessions_app.models import DebugSession, Membership

#: As Django's own limit on the length of a user name.
MAX_USERNAME = 150
MAX_NAME = 80


class SeenForm(forms.Form):
    """Who sees a session, beside its owner and those with a link; team: its id, empty
    for none."""

    visibility = forms.ChoiceField(choices=DebugSession.Visibility.choices)
    team = forms.UUIDField(required=False)


class TeamForm(forms.Form):
    """The name of a team."""

    name = forms.CharField(max_length=MAX_NAME)


class RoleForm(forms.Form):
    """What somebody is in a team."""

    role = forms.ChoiceField(choices=Membership.Role.choices)


class MemberForm(RoleForm):
    """Somebody who has an account, and what they become."""

    user = forms.CharField(max_length=MAX_USERNAME)
