"""Making an account, by invitation or openly, and its password."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import views as auth
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from sessions_app.errors import TeamRefused
from sessions_app.forms.accounts import SignUpForm
from sessions_app.models import Invitation
from sessions_app.permissions import person_of
from sessions_app.services.accounts import (
    invitation_create,
    invitation_delete,
    invitation_find,
    invitation_join,
    invitation_use,
)
from sessions_app.throttle import is_throttled
from sessions_app.views.sign_in import sign_in


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: HttpRequest) -> HttpResponse:
    """Make an invitation, shown once, and see what became of the others."""
    person = person_of(request)
    url = ""
    if request.method == "POST":
        path = reverse("invited", args=[invitation_create(by=person)])
        url = request.build_absolute_uri(path)
    mine = Invitation.objects.filter(created_by=person)
    mine = mine.select_related("used_by", "team")
    context = {"invitations": mine[:50], "url": url}
    return render(request, "registration/invitations.html", context)


@login_required
@require_POST
def invitation_remove(request: HttpRequest, invitation_id: int) -> HttpResponse:
    """Take it back."""
    if not invitation_delete(by=person_of(request), invitation_id=invitation_id):
        raise Http404
    return redirect("invitations")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: HttpRequest, token: str) -> HttpResponse:
    """Make an account with an invitation, or join its team with the account that one
    has."""
    invitation = invitation_find(token)
    if invitation is None:
        return _spent(request)
    if invitation.team is not None and isinstance(request.user, User):
        return _join(request, invitation, request.user)
    return _sign_up(request, invitation)


def _join(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    """A GET shows the button only: mail scanners fetch links, and would spend it."""
    problem = ""
    if request.method == "POST":
        try:
            if not invitation_join(invitation=invitation, user=user):
                return _spent(request)
            return redirect("team", invitation.team_id)
        except TeamRefused as error:
            problem = f"You did not join: {error}."
    context = {"invitation": invitation, "problem": problem}
    answer = render(request, "teams/join.html", context, status=422 if problem else 200)
    answer["Referrer-Policy"] = "strict-origin"
    return answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account, where the server lets everybody."""
    if not settings.SIGN_UP:
        raise Http404("sign-up is switched off")
    return _sign_up(request, None)


def _sign_up(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    if request.method == "POST" and is_throttled(request, "sign-up"):
        return _too_often(request)
    form = SignUpForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"form": form, "invitation": invitation}
        answer = render(request, "registration/sign_up.html", context)
        answer["Referrer-Policy"] = "strict-origin"
        return answer
    user = form.save()
    try:
        if invitation and not invitation_use(invitation=invitation, user=user):
            return _spent(request)
    except TeamRefused as error:
        user.delete()  # an account alone is not what they came for
        told = {"heading": "No room in the team", "detail": f"{error}."}
        return render(request, "sessions/link_closed.html", told, status=409)
    sign_in(request, user)
    return redirect("home")


def _spent(request: HttpRequest) -> HttpResponse:
    context = {
        "heading": "This invitation is spent",
        "detail": "It works once and for a week. Who sent it can make a new one.",
    }
    return render(request, "sessions/link_closed.html", context, status=410)


def _too_often(request: HttpRequest) -> HttpResponse:
    context = {"heading": "Too many tries", "detail": "Try again in an hour."}
    return render(request, "sessions/link_closed.html", context, status=429)


class PasswordChange(auth.PasswordChangeView):
    """Of whoever is signed in; who came by a login link has no old one to tell."""

    template_name = "registration/password.html"
    success_url = reverse_lazy("home")

    def get_form_class(self) -> Any:
        person = person_of(self.request)
        return self.form_class if person.has_usable_password() else SetPasswordForm


@method_decorator(never_cache, "dispatch")
class PasswordReset(auth.PasswordResetView):
    """A link by mail. The answer is the same whether there is such an address or not."""

    template_name = "registration/password.html"
    email_template_name = "registration/reset_mail.txt"
    subject_template_name = "registration/reset_subject.txt"
    success_url = reverse_lazy("password-sent")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_throttled(request, "reset"):
            return _too_often(request)
        return super().post(request, *args, **kwargs)


class PasswordSent(auth.PasswordResetDoneView):
    """Look into your mail."""

    template_name = "registration/reset_sent.html"


class PasswordConfirm(auth.PasswordResetConfirmView):
    """The link of the mail: the new password."""

    template_name = "registration/password.html"
    success_url = reverse_lazy("login")
