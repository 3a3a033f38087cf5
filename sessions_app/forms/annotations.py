"""Forms of annotations, and of what the owner of a review says of its versions."""

from __future__ import annotations

from django import forms

from sessions_app.forms.runs import MAX_COUNT


class AnnotationForm(forms.Form):
    """A remark on a hit or an event, a part of the machine or a patch line; or an answer."""

    body = forms.CharField(max_length=10_000)
    run = forms.IntegerField(required=False, min_value=1)
    hit = forms.IntegerField(required=False, min_value=1)
    event = forms.IntegerField(required=False, min_value=1)
    on = forms.CharField(required=False, max_length=60)
    """A part in one word (sessions_app/parts.py)."""
    moment = forms.CharField(required=False, max_length=8)
    register = forms.CharField(required=False, max_length=16)
    patch_line = forms.IntegerField(required=False, min_value=1)
    answers = forms.UUIDField(required=False)


class AnnotationChangeForm(forms.Form):
    """What may be done to an annotation."""

    do = forms.ChoiceField(
        choices=[(d, d) for d in ("edit", "resolve", "reopen", "remove")]
    )
    body = forms.CharField(max_length=10_000, required=False)


class JoinForm(forms.Form):
    """A version of another review, and its number here."""

    posting = forms.IntegerField(min_value=1, max_value=MAX_COUNT)
    number = forms.IntegerField(min_value=1, max_value=MAX_COUNT)


class PairForm(forms.Form):
    """Numbers of two patches, and whether they are the same."""

    left = forms.IntegerField(min_value=1, max_value=MAX_COUNT)
    right = forms.IntegerField(min_value=1, max_value=MAX_COUNT)
    do = forms.ChoiceField(choices=[(d, d) for d in ("pair", "unpair")])


class TrialForm(forms.Form):
    """A question for all versions: a scenario, or the recipe of a run."""

    do = forms.ChoiceField(choices=[(d, d) for d in ("run", "forget")])
    scenario = forms.CharField(max_length=60, required=False)
    address = forms.CharField(max_length=500, required=False)
    question = forms.CharField(max_length=150, required=False)
