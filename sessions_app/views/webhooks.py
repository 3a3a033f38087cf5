"""Webhooks of a person: which there are, what became of their deliveries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from sessions_app.errors import DomainError
from sessions_app.forms.notices import WebhookChangeForm, WebhookForm
from sessions_app.models import Webhook
from sessions_app.permissions import person_of
from sessions_app.readers import own_delivery, own_webhook, webhooks_of
from sessions_app.services.webhooks.register import (
    delivery_again,
    webhook_change,
    webhook_create,
    webhook_test,
)

#: Deliveries of one webhook that its page shows.
_SHOWN = 50


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def webhooks(request: HttpRequest) -> HttpResponse:
    """Make one, see which there are."""
    person = person_of(request)
    context: dict[str, Any] = {"events": Webhook.Event.values, "wanted": []}
    if request.method == "POST":
        context |= _made(request)
    context["webhooks"] = webhooks_of(person)
    status = 422 if context.get("error") else 200
    return render(request, "webhooks/list.html", context, status=status)


def _made(request: HttpRequest) -> dict[str, Any]:
    form = WebhookForm(request.POST)
    typed = request.POST.get("url", "")[:2000]
    wanted = request.POST.getlist("events")
    if not form.is_valid():
        error = "it needs an address and events of the list"
        return {"error": error, "url": typed, "wanted": wanted}
    given = form.cleaned_data
    try:
        made, secret = webhook_create(
            owner=person_of(request), url=given["url"], events=given["events"]
        )
    except DomainError as refused:
        error = f"{refused.detail}; allowed: {refused.allowed}"
        return {"error": error, "url": typed, "wanted": wanted}
    return {"made": made, "secret": secret}


@login_required
@never_cache
@require_safe
def webhook(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """One with its last deliveries."""
    found = own_webhook(request, webhook_id)
    context = {
        "webhook": found,
        "events": Webhook.Event.values,
        "deliveries": found.deliveries.order_by("-created_at")[:_SHOWN],
    }
    return render(request, "webhooks/detail.html", context)


@login_required
@require_POST
def webhook_edit(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Other events, on, off, a test."""
    found = own_webhook(request, webhook_id)
    form = WebhookChangeForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Not changed: choose one of what is offered.")
        return redirect("webhook", found.pk)
    try:
        _carry_out(request, found, form.cleaned_data)
    except DomainError as error:
        messages.error(request, f"Not done: {error.detail}; allowed: {error.allowed}.")
    return redirect("webhook", found.pk)


def _carry_out(request: HttpRequest, found: Webhook, given: dict[str, Any]) -> None:
    what = given["do"]
    if what == "test":
        webhook_test(webhook=found)
        messages.success(request, "A test is on its way; reload to see its answer.")
    elif what == "events":
        webhook_change(webhook=found, events=given["events"])
        messages.success(request, "It hears of these events from now on.")
    else:
        webhook_change(webhook=found, enabled=what == "on")
        messages.success(request, f"The webhook is switched {what}.")


@login_required
@require_POST
def redeliver(
    request: HttpRequest, webhook_id: UUID, delivery_id: UUID
) -> HttpResponse:
    """Send one that is over once more."""
    found = own_delivery(request, webhook_id, delivery_id)
    try:
        delivery_again(delivery=found)
        messages.success(request, "It is on its way again; reload to see its answer.")
    except DomainError as error:
        messages.error(request, f"Not done: {error.detail}; allowed: {error.allowed}.")
    return redirect("webhook", webhook_id)


@login_required
@require_POST
def webhook_remove(request: HttpRequest, webhook_id: UUID) -> HttpResponse:
    """Take it out, with what waits to be sent."""
    own_webhook(request, webhook_id).delete()
    messages.success(request, "The webhook is gone.")
    return redirect("webhooks")
