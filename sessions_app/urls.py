"""Routes of the HTML pages and the API."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path

from sessions_app.views import (
    accounts,
    api_docs,
    health,
    home,
    new,
    remarks,
    sessions,
    sharing,
)

_SESSION = "sessions/<uuid:session_id>/"
_RUN = f"{_SESSION}runs/<int:number>/"

urlpatterns = [
    path("", home.home, name="home"),
    path("health/", health.health, name="health"),
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/tokens/", accounts.tokens, name="tokens"),
    path(
        "accounts/tokens/<int:token_id>/delete/",
        accounts.token_remove,
        name="token-delete",
    ),
    path("login/<str:token>/", accounts.login_link, name="login-link"),
    path("s/<str:token>/", sharing.share_open, name="share-open"),
    path("sessions/new/", new.session_new, name="session-new"),
    path("scenarios/<slug:slug>/run/", new.scenario_run, name="scenario-run"),
    path(_SESSION, sessions.session_detail, name="session"),
    path(f"{_SESSION}patch/", sessions.session_patch, name="session-patch"),
    path(f"{_SESSION}share/", sharing.share, name="share"),
    path(f"{_SESSION}share/<str:link_id>/revoke/", sharing.revoke, name="share-revoke"),
    path(f"{_SESSION}annotate/", remarks.annotate, name="annotate"),
    path(
        f"{_SESSION}annotations/<str:annotation_id>/resolve/",
        remarks.resolve,
        name="annotation-resolve",
    ),
    path(f"{_RUN}again/", new.run_again, name="run-again"),
    path(f"{_RUN}output/", sessions.output, name="output"),
    path(f"{_RUN}hits/<int:hit>/", sessions.moment, name="moment"),
    path(f"{_RUN}<str:what>/", sessions.command, name="run-command"),
    path("api/v1/", include("sessions_app.api.urls")),
    path("api/schema/", api_docs.schema, name="api-schema"),
    path("api/docs/", api_docs.docs, name="api-docs"),
    path("api/docs/start.js", api_docs.start_script, name="api-docs-script"),
]
