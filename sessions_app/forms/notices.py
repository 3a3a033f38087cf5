"""Forms of webhooks and notifications."""

from __future__ import annotations

from django import forms

from sessions_app.models import NoticePreference, Webhook


class WebhookForm(forms.Form):
    """Where to, and of what; what is wrong with an address its service says."""

    url = forms.CharField(max_length=2000)
    events = forms.MultipleChoiceField(choices=Webhook.Event.choices, required=False)


class WebhookChangeForm(forms.Form):
    """What may be done to one."""

    do = forms.ChoiceField(choices=[(d, d) for d in ("events", "on", "off", "test")])
    events = forms.MultipleChoiceField(choices=Webhook.Event.choices, required=False)


class MailWishForm(forms.Form):
    """What a person wants by mail."""

    mail = forms.ChoiceField(choices=NoticePreference.Mail.choices)


class AddressForm(forms.Form):
    """Another address for mails."""

    email = forms.EmailField(max_length=254)
    password = forms.CharField(required=False, strip=False, max_length=1000)
