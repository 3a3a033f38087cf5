"""A bundle comes in by a form."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from sessions_app.errors import DomainError
from sessions_app.forms.sessions import BundleForm
from sessions_app.permissions import person_of
from sessions_app.services.bundles import bundle_import


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def bundle_new(request: HttpRequest) -> HttpResponse:
    """The form, and the session that comes of it."""
    form = BundleForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            data = form.cleaned_data["file"].read()
            run = bundle_import(owner=person_of(request), data=data)
        except DomainError as error:
            form.add_error("file", str(error))
        else:
            return redirect("session", run.session_id)
    status = 422 if form.is_bound else 200
    return render(request, "sessions/import.html", {"form": form}, status=status)
