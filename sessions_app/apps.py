"""The app's place in Django."""

from __future__ import annotations

from django.apps import AppConfig


class SessionsAppConfig(AppConfig):
    """Label sessions_app: ``sessions`` is Django's own."""

    name = "sessions_app"
    verbose_name = "Debug sessions"
