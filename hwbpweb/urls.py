"""The product's addresses all belong to sessions_app."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("sessions_app.urls"))]
