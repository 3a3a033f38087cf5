"""Routes of /api/v1/."""

from __future__ import annotations

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from sessions_app.api import schema as schema
from sessions_app.api.annotations import AnnotationViewSet
from sessions_app.api.events import EventViewSet, HitViewSet, OutputViewSet
from sessions_app.api.images import ImageViewSet
from sessions_app.api.recipes import RecipeViewSet
from sessions_app.api.runs import RunViewSet
from sessions_app.api.scenarios import ScenarioViewSet
from sessions_app.api.sessions import SessionViewSet
from sessions_app.api.share_links import ShareLinkViewSet
from sessions_app.api.tokens import TokenViewSet

app_name = "api"

router = DefaultRouter()
router.include_root_view = False
router.include_format_suffixes = False
router.register("sessions", SessionViewSet, basename="session")
router.register("runs", RunViewSet, basename="run")
router.register("recipes", RecipeViewSet, basename="recipe")
router.register("images", ImageViewSet, basename="image")
router.register("scenarios", ScenarioViewSet, basename="scenario")
router.register("tokens", TokenViewSet, basename="token")

in_session = DefaultRouter()
in_session.include_root_view = False
in_session.include_format_suffixes = False
in_session.register("annotations", AnnotationViewSet, basename="annotation")
in_session.register("share-links", ShareLinkViewSet, basename="share-link")

in_run = DefaultRouter()
in_run.include_root_view = False
in_run.include_format_suffixes = False
in_run.register("events", EventViewSet, basename="event")
in_run.register("hits", HitViewSet, basename="hit")
in_run.register("output", OutputViewSet, basename="output")

urlpatterns = [
    path("", include(router.urls)),
    path("sessions/<uuid:session_pk>/", include(in_session.urls)),
    path("runs/<uuid:run_pk>/", include(in_run.urls)),
]
