"""Routes of /api/v1/."""

from __future__ import annotations

from django.urls import include, path, re_path
from rest_framework.routers import DefaultRouter

from sessions_app.api import schema as schema
from sessions_app.api.annotations import AnnotationViewSet
from sessions_app.api.bundles import BundleView
from sessions_app.api.checks import CheckViewSet
from sessions_app.api.compare import CompareView
from sessions_app.api.control import ControlViewSet, ListenViewSet
from sessions_app.api.errors import nothing_here
from sessions_app.api.events import EventViewSet, HitViewSet, OutputViewSet
from sessions_app.api.exports import ExportView
from sessions_app.api.images import ImageViewSet
from sessions_app.api.interdiffs import InterdiffView
from sessions_app.api.matrix import MatrixRunView, MatrixView
from sessions_app.api.memory import MemoryView
from sessions_app.api.notebook import NotebookViewSet
from sessions_app.api.notifications import NotificationViewSet
from sessions_app.api.packets import CommandViewSet, PacketViewSet
from sessions_app.api.quota import QuotaView
from sessions_app.api.recipes import RecipeViewSet
from sessions_app.api.remarks import RemarkViewSet
from sessions_app.api.reviews import ReviewViewSet
from sessions_app.api.runs import RunViewSet
from sessions_app.api.scenarios import ScenarioViewSet
from sessions_app.api.sessions import SessionViewSet
from sessions_app.api.share_links import ReviewLinkViewSet, ShareLinkViewSet
from sessions_app.api.switch_sets import SwitchSetViewSet, VariantViewSet
from sessions_app.api.teams import MemberViewSet, TeamViewSet
from sessions_app.api.timeline import FoundViewSet, TimelineViewSet
from sessions_app.api.tokens import TokenViewSet
from sessions_app.api.trials import TrialViewSet
from sessions_app.api.variations import (
    BreakpointView,
    RecipeCheckView,
    SettingsView,
    SymbolTableView,
)
from sessions_app.api.versions import JoinViewSet, PairByHandView
from sessions_app.api.webhooks import WebhookViewSet

app_name = "api"

router = DefaultRouter()
router.include_root_view = False
router.include_format_suffixes = False
router.register("sessions", SessionViewSet, basename="session")
router.register("runs", RunViewSet, basename="run")
router.register("recipes", RecipeViewSet, basename="recipe")
router.register("images", ImageViewSet, basename="image")
router.register("scenarios", ScenarioViewSet, basename="scenario")
router.register("variants", VariantViewSet, basename="variant")
router.register("switch-sets", SwitchSetViewSet, basename="switch-set")
router.register("reviews", ReviewViewSet, basename="review")
router.register("tokens", TokenViewSet, basename="token")
router.register("webhooks", WebhookViewSet, basename="webhook")
router.register("notifications", NotificationViewSet, basename="notification")
router.register("teams", TeamViewSet, basename="team")

in_session = DefaultRouter()
in_session.include_root_view = False
in_session.include_format_suffixes = False
in_session.register("annotations", AnnotationViewSet, basename="annotation")
in_session.register("notebook", NotebookViewSet, basename="notebook-entry")
in_session.register("share-links", ShareLinkViewSet, basename="share-link")

in_review = DefaultRouter()
in_review.include_root_view = False
in_review.include_format_suffixes = False
in_review.register("remarks", RemarkViewSet, basename="remark")
in_review.register("checks", CheckViewSet, basename="check")
in_review.register("share-links", ReviewLinkViewSet, basename="review-link")

in_review.register("trials", TrialViewSet, basename="trial")
in_review.register("joins", JoinViewSet, basename="join")
in_team = DefaultRouter()
in_team.include_root_view = False
in_team.include_format_suffixes = False
in_team.register("members", MemberViewSet, basename="member")

in_run = DefaultRouter()
in_run.include_root_view = False
in_run.include_format_suffixes = False
in_run.register("events", EventViewSet, basename="event")
in_run.register("hits/found", FoundViewSet, basename="found")
in_run.register("timeline", TimelineViewSet, basename="timeline")
in_run.register("hits", HitViewSet, basename="hit")
in_run.register("output", OutputViewSet, basename="output")
in_run.register("control", ControlViewSet, basename="control")
in_run.register("packets", PacketViewSet, basename="packet")
in_run.register("commands", CommandViewSet, basename="command")
in_run.register("listen", ListenViewSet, basename="listen")

urlpatterns = [
    path("recipes/check/", RecipeCheckView.as_view(), name="recipe-check"),
    path("", include(router.urls)),
    path("bundles/", BundleView.as_view(), name="bundles"),
    path("quota/", QuotaView.as_view(), name="quota"),
    path("compare/", CompareView.as_view(), name="compare"),
    path("matrix/", MatrixView.as_view(), name="matrix"),
    path(
        "matrix/<str:row>/<str:column>/run/", MatrixRunView.as_view(), name="matrix-run"
    ),
    path("sessions/<uuid:session_pk>/", include(in_session.urls)),
    path(
        "reviews/<uuid:review_pk>/versions/<int:left>/<int:right>/<int:number>/",
        InterdiffView.as_view(),
        name="review-interdiff",
    ),
    path(
        "reviews/<uuid:review_pk>/versions/<int:left>/<int:right>/pairs/",
        PairByHandView.as_view(),
        name="review-pairs",
    ),
    path("reviews/<uuid:review_pk>/", include(in_review.urls)),
    path("teams/<uuid:team_pk>/", include(in_team.urls)),
    path("runs/<uuid:run_pk>/memory/", MemoryView.as_view(), name="memory"),
    path("runs/<uuid:run_pk>/export/", ExportView.as_view(), name="export"),
    path("runs/<uuid:run_pk>/breakpoint/", BreakpointView.as_view(), name="breakpoint"),
    path("runs/<uuid:run_pk>/settings/", SettingsView.as_view(), name="settings"),
    path(
        "runs/<uuid:run_pk>/symbol-table/",
        SymbolTableView.as_view(),
        name="symbol-table",
    ),
    path("runs/<uuid:run_pk>/", include(in_run.urls)),
    # With its slash only: an address without one is still sent on to the one with it.
    re_path("^(?:.*/)?$", nothing_here, name="nothing"),
]
