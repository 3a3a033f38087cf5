"""Mail and remarks."""

from __future__ import annotations

from django import forms


class MailForm(forms.Form):
    """Mail as a file or pasted."""

    file = forms.FileField(required=False)
    text = forms.CharField(required=False, max_length=8 << 20, strip=False)

    def data_of(self) -> bytes:
        """What was given; a file before a text."""
        given = self.cleaned_data
        if given["file"] is not None:
            return bytes(given["file"].read())
        return str(given["text"]).replace("\r\n", "\n").encode()


class ReviewRemarkForm(forms.Form):
    """Words on lines of a message, and the moment that proves them."""

    message = forms.IntegerField(min_value=1)
    first = forms.IntegerField(min_value=0, required=False)
    at = forms.IntegerField(min_value=0, required=False)
    answers = forms.UUIDField(required=False)
    body = forms.CharField(max_length=10_000)
    proof = forms.CharField(max_length=500, required=False)
    on = forms.CharField(max_length=60, required=False)
    """A part of the machine in one word (sessions_app/parts.py)."""
    register = forms.CharField(max_length=16, required=False)
    claim = forms.ChoiceField(
        choices=[(c, c) for c in ("open", "supported", "refuted")], required=False
    )


class RemarkChangeForm(forms.Form):
    """What may be done to a remark."""

    do = forms.ChoiceField(
        choices=[(d, d) for d in ("edit", "resolve", "reopen", "remove", "claim")]
    )
    body = forms.CharField(max_length=10_000, required=False)
    claim = forms.ChoiceField(
        choices=[(c, c) for c in ("open", "supported", "refuted")], required=False
    )


class ReviewForm(forms.Form):
    """Who sees a review and how it stands."""

    visibility = forms.ChoiceField(
        choices=[(v, v) for v in ("private", "unlisted", "public")], required=False
    )
    state = forms.ChoiceField(
        choices=[
            (s, s)
            for s in (
                *("open", "accepted", "changes requested"),
                *("rejected", "superseded"),
            )
        ],
        required=False,
    )
