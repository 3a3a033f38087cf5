"""Sessions: what they are called, their patch, their notebook, bundles."""

from __future__ import annotations

from django import forms

from sessions_app.forms.widgets import text_input

MAX_PATCH = 1_000_000


class TitleForm(forms.Form):
    """A session's title alone."""

    title = forms.CharField(max_length=200, widget=text_input(), label="Title")


class SessionForm(TitleForm):
    """What a session says of itself."""

    use_required_attribute = False
    description = forms.CharField(
        max_length=10_000,
        required=False,
        label="Description",
        widget=forms.Textarea(attrs={"class": "input", "rows": "6"}),
    )


class PatchForm(forms.Form):
    """The patch under discussion."""

    patch_text = forms.CharField(required=False, max_length=MAX_PATCH, strip=False)


class BundleForm(forms.Form):
    """A bundle of another installation."""

    file = forms.FileField(widget=forms.ClearableFileInput(attrs={"class": "input"}))


class KeepForm(forms.Form):
    """A moment for the notebook."""

    run = forms.IntegerField(min_value=1, max_value=1_000_000)
    seq = forms.IntegerField(min_value=1, max_value=2**53 - 1)
    moment = forms.ChoiceField(
        choices=[(key, key) for key in ("entry", "stub", "leave", "iret", "end")],
        required=False,
    )


class EntryForm(forms.Form):
    """What may be done to an entry of the notebook."""

    do = forms.ChoiceField(choices=[(d, d) for d in ("write", "up", "down", "remove")])
    text = forms.CharField(max_length=10_000, required=False, strip=False)
