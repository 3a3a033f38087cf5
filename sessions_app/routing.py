"""Addresses of websockets."""

from __future__ import annotations

from django.urls import URLPattern, path

from sessions_app.consumers import RunConsumer

websocket_urlpatterns: list[URLPattern] = [
    path("ws/runs/<uuid:run_id>/", RunConsumer.as_asgi()),
]
