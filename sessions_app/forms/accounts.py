"""Accounts, and what hands out access."""

from __future__ import annotations

from django import forms
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import User

from sessions_app.models import ApiToken, ShareLink

#: Openings of one share link.
MAX_USES = 10_000


class ShareForm(forms.Form):
    """What a link allows, how long it lives and what it opens."""

    role = forms.ChoiceField(choices=ShareLink.Role.choices, required=False)
    uses = forms.IntegerField(required=False, min_value=1, max_value=MAX_USES)

    days = forms.TypedChoiceField(
        choices=[("", "until revoked"), ("1", "1"), ("7", "7"), ("30", "30")],
        coerce=int,
        empty_value=None,
        required=False,
    )
    run = forms.IntegerField(required=False, min_value=1)
    hit = forms.IntegerField(required=False, min_value=1)


class GuestForm(forms.Form):
    """Under which name somebody without an account comes in."""

    name = forms.CharField(max_length=60)


class SignUpForm(BaseUserCreationForm):  # type: ignore[type-arg]  # not at run time
    """A new account; without an address a password cannot be reset by mail."""

    class Meta:
        model = User
        fields = ("username", "email")


class TokenForm(forms.Form):
    """The name of a new token, what it reaches, and how many days it lives."""

    name = forms.CharField(max_length=80)
    scope = forms.ChoiceField(choices=ApiToken.Scope.choices, required=False)
    days = forms.IntegerField(required=False, min_value=1, max_value=3650)
