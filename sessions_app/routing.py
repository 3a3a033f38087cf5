"""Addresses of websockets."""

from __future__ import annotations

from django.urls import URLPattern, path

from sessions_app.debug_socket import DebugSocket
from sessions_app.run_socket import RunSocket
from sessions_app.socket_doors import SocketDoors

websocket_urlpatterns: list[URLPattern] = [
    path("ws/runs/<uuid:run_id>/", RunSocket()),  # type: ignore[arg-type]  # ASGI
    path("ws/runs/<uuid:run_id>/gdb/", DebugSocket()),  # type: ignore[arg-type]  # ASGI
]
websockets = SocketDoors(websocket_urlpatterns)
