"""ASGI entry: HTTP by Django, websockets by Channels."""

from __future__ import annotations

import os
from importlib import import_module

from channels.routing import ProtocolTypeRouter
from django.conf import settings
from django.core.asgi import get_asgi_application

from hwbpweb.body_limit import BodyLimit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hwbpweb.settings")

#: A multipart body is longer than the file in it.
ENVELOPE = 64 << 10

_http = get_asgi_application()
# The consumers import models, which exist only after the line above.
_routing = import_module("sessions_app.routing")

#: Addresses that take more.
_LONGER = dict.fromkeys(
    ("/api/v1/bundles/", "/sessions/import/"), settings.MAX_BUNDLE + ENVELOPE
)

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(_http, settings.MAX_UPLOAD + ENVELOPE, _LONGER),
        "websocket": _routing.websockets,
    }
)
