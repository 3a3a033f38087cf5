"""Who may come to what a share link may allow, beside people with an account."""

from __future__ import annotations

from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from sessions_app.permissions import link_ids


class PersonOrGuest(BasePermission):
    """Somebody with an account, or with a share link in the browser.

    What the link allows is decided per object (sessions_app.permissions). A guest's
    browser proves by the CSRF token that the request is of one of our pages, as a
    person's does.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.user.is_authenticated:
            return True
        if not link_ids(request.COOKIES):
            return False
        SessionAuthentication().enforce_csrf(request)
        return True
