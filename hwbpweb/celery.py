"""The Celery application; tasks live in sessions_app.tasks."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hwbpweb.settings")

app = Celery("hwbpweb")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
