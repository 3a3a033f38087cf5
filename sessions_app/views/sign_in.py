"""Signing in: by name and password, or as whoever a link or an invitation names."""

from __future__ import annotations

from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse

from sessions_app.permissions import link_ids
from sessions_app.services.sharing import share_links_hold

_BACKEND = "django.contrib.auth.backends.ModelBackend"


def sign_in(request: HttpRequest, user: User) -> None:
    """The browser is the account's from now on, with the share links that it has."""
    login(request, user, backend=_BACKEND)
    share_links_hold(keys=link_ids(request.COOKIES), person=user)


class SignIn(LoginView):
    """The login page."""

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        answer = super().form_valid(form)
        user = form.get_user()
        assert isinstance(user, User)  # the project has no other
        share_links_hold(keys=link_ids(self.request.COOKIES), person=user)
        return answer
