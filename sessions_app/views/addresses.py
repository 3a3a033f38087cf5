"""The address of a person's mails: asking for another, and confirming it."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from sessions_app.errors import JobFailed
from sessions_app.forms.notices import AddressForm
from sessions_app.permissions import person_of
from sessions_app.services.notices.address import (
    address_ask,
    address_of_token,
    address_set,
)
from sessions_app.throttle import is_throttled


@login_required
@require_POST
def address(request: HttpRequest) -> HttpResponse:
    """Send a link to the new address. Whoever has a password tells it: this address can
    reset it."""
    back = redirect(f"{reverse('notifications')}#mail")
    form = AddressForm(request.POST)
    person = person_of(request)
    if is_throttled(request, "address"):
        messages.error(request, "Too many tries: again in an hour.")
        return back
    if not form.is_valid():
        messages.error(request, "No mail was sent: that is no mail address.")
        return back
    given = form.cleaned_data
    if person.has_usable_password() and not person.check_password(given["password"]):
        messages.error(request, "No mail was sent: the password is another.")
        return back
    try:
        address_ask(person=person, address=given["email"])
    except JobFailed as error:
        messages.error(request, f"No mail was sent: {error.detail}.")
        return back
    messages.success(request, f"Open the link in the mail to {given['email']}.")
    return back


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def address_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail. A GET shows a button: mail scanners follow links."""
    found = address_of_token(token)
    if found is None:
        return _spent(request)
    person, wanted = found
    done = request.method == "POST"
    if done:
        address_set(person=person, address=wanted)
    context = {"person": person, "address": wanted, "done": done}
    answer = render(request, "notices/confirm.html", context)
    answer["Referrer-Policy"] = "strict-origin"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _spent(request: HttpRequest) -> HttpResponse:
    context = {
        "heading": "This link is spent",
        "detail": "It works for a day, and not after another address was confirmed.",
    }
    return render(request, "sessions/link_closed.html", context, status=410)
