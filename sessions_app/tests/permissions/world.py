"""Alice's things, and everybody who comes to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from sessions_app.models import (
    DebugSession,
    Invitation,
    Membership,
    Notification,
    Review,
    Run,
    ShareLink,
)
from sessions_app.notebook import kept_moment
from sessions_app.permissions import SHARE_COOKIE
from sessions_app.services.accounts import invitation_create
from sessions_app.services.annotations import Anchor, annotation_create
from sessions_app.services.notebook import entry_keep
from sessions_app.services.notices.address import address_token
from sessions_app.services.notices.mail import unsubscribe_token
from sessions_app.services.reviews import Place, remark_create, review_import
from sessions_app.services.sharing import share_link_create, token_create
from sessions_app.services.teams import team_create
from sessions_app.services.versions import version_join
from sessions_app.services.webhooks.register import webhook_create
from sessions_app.tests.factories import (
    create_annotation,
    create_run,
    create_switch_set,
    create_user,
    store_hits,
    store_silence,
)
from sessions_app.tests.mail.letters import letter
from sessions_app.tests.reviews.story import THREAD


class World:
    """One of each."""

    def __init__(self, session: DebugSession, run: Run) -> None:
        self.alice: User = session.owner
        self.charlie = create_user("charlie")
        self.session, self.run = session, run
        self.silence = store_silence(run)
        self.other = create_run(session)
        store_hits(self.other, 3)
        self.gone = create_run(session, deleted_at=timezone.now())
        self.annotation = create_annotation(session)
        kept = kept_moment(run, 7)
        self.entry = entry_keep(session=session, run=run, by=self.alice, kept=kept)
        self.link, self.secret = share_link_create(of=session, by=self.alice)
        self.token, _ = token_create(user=self.alice, name="laptop")
        invitation_create(by=self.alice)
        self.invitation = Invitation.objects.get()
        self.switches = create_switch_set(self.alice)
        (brought,) = review_import(owner=self.alice, data=THREAD)
        self.review = brought.review
        self.review_link, _ = share_link_create(of=self.review, by=self.alice)
        (elsewhere,) = review_import(owner=self.alice, data=letter("[PATCH v4] It"))
        self.join = version_join(
            version=elsewhere.review.versions.get(),
            into=self.review,
            number=4,
            by=self.alice,
        )
        self.message = self.review.messages.get(message_id="v1@example.org")
        self.remark = remark_create(
            author=self.alice, place=Place(self.message), body="Mine."
        )
        self.team = team_create(owner=self.alice, name="kgdb")
        self.dora = create_user("dora")
        self.alices = self.team.members.get()

        self.webhook, _ = webhook_create(
            owner=self.alice, url="https://example.org/", events=["run.finished"]
        )
        self.delivery = self.webhook.deliveries.create(
            event="run.finished", body="{}", state="failed"
        )
        self.notice = self._notice()

    def _notice(self) -> Notification:
        """A guest said something in alice's session."""
        said = annotation_create(
            session=self.session,
            author=None,
            name="Bob (by link)",
            body="Look, @alice.",
            anchor=Anchor(),
        )
        return said.notifications.get()

    def client(self, role: str) -> Client:
        """Somebody's browser, and the things as they are when they come."""
        client = Client(raise_request_exception=False)
        seen, _, who = role.rpartition(" ")
        self._give(seen)
        if role == "owner":
            client.force_login(self.alice)
        elif seen == "team":
            self._join(who)
            client.force_login(self.dora)
        elif who == "stranger":
            client.force_login(self.charlie)
        elif role == "forged":
            client.cookies[SHARE_COOKIE] = f'["{self.link.pk}"]:1uXyZ0:forged'
        elif who != "nobody":
            mine = ShareLink.objects.exclude(session=None)
            mine.update(expires_at=None, revoked_at=None, role=role_of(role))
            client.post(f"/s/{self.secret}/", {"name": "Bob"})
            assert SHARE_COOKIE in client.cookies
            past = timezone.now() - timedelta(seconds=1)
            if role == "expired":
                mine.update(expires_at=past)
            elif role == "revoked":
                mine.update(revoked_at=past)
        return client

    def _give(self, seen: str) -> None:
        """seen: ``unlisted``, ``public``, ``team``, or empty: private and no team's."""
        team = self.team if seen == "team" else None
        visibility = seen if seen in ("unlisted", "public") else "private"
        sessions = DebugSession.objects.filter(pk=self.session.pk)
        sessions.update(team=team, visibility=visibility)
        Review.objects.filter(pk=self.review.pk).update(team=team)

    def _join(self, role: str) -> None:
        Membership.objects.create(team=self.team, user=self.dora, role=role)

    def arguments(self, name: str, wanted: Iterator[str]) -> dict[str, Any]:
        """Values for the placeholders of a route."""
        own = self._own(name)
        return {each: own.get(each, self._common.get(each)) for each in wanted}

    @property
    def _common(self) -> dict[str, Any]:
        return {
            "session_id": self.session.pk,
            "session_pk": self.session.pk,
            "run_pk": self.run.pk,
            "number": 1,
            "hit": 1,
            "seq": self.silence,
            "what": "pause",
            "left_id": self.run.pk,
            "right_id": self.other.pk,
            "review_id": self.review.pk,
            "review_pk": self.review.pk,
            "version": 1,
            "left": 1,
            "right": 2,
            "message_id": self.message.pk,
            "remark_id": self.remark.pk,
            "join_id": self.join.pk,
            "entry_id": self.entry.pk,
            "annotation_id": self.annotation.pk,
            "link_id": self.link.pk,
            "token_id": self.token.pk,
            "set_id": self.switches.pk,
            "slug": "perf-eats-kgdb",
            "group": "runs",
            "name": "g-bare",
            "row": "W1",
            "column": "g-bare",
            "token": "nonsense",
            "uidb64": "MQ",
            "invitation_id": self.invitation.pk,
            "webhook_id": self.webhook.pk,
            "delivery_id": self.delivery.pk,
            "delivery": self.delivery.pk,
            "notice_id": self.notice.pk,
            "team_id": self.team.pk,
            "team_pk": self.team.pk,
            "member_id": self.alices.pk,
        }

    def _own(self, name: str) -> dict[str, Any]:
        """pk means something else on each route."""
        if name == "review-share-revoke":
            return {"link_id": self.review_link.pk}
        if name == "address-confirm":
            return {"token": address_token(self.alice, "alice@example.org")}
        if name == "unsubscribe":
            return {"token": unsubscribe_token(self.alice)}
        if name == "run-restore":
            return {"number": self.gone.number}
        if name == "api:run-restore":
            return {"pk": self.gone.pk}
        keys: dict[str, Any] = {
            "api:session-": self.session.pk,
            "api:run-": self.run.pk,
            "api:recipe-": self.run.recipe_id,
            "api:variant-": "g-bare",
            "api:switch-set-": self.switches.pk,
            "api:review-link-": self.review_link.pk,
            "api:review-": self.review.pk,
            "api:join-": self.join.pk,
            "api:remark-": self.remark.pk,
            "api:token-": self.token.pk,
            "api:webhook-": self.webhook.pk,
            "api:notification-": self.notice.pk,
            "api:annotation-": self.annotation.pk,
            "api:notebook-entry-": self.entry.pk,
            "api:share-link-": self.link.pk,
            "api:team-": self.team.pk,
            "api:member-": self.alices.pk,
            "api:event-": 1,
            "api:hit-": 1,
        }
        return next(
            ({"pk": value} for start, value in keys.items() if name.startswith(start)),
            {},
        )

    @property
    def query(self) -> str:
        """What some routes need to be asked."""
        return (
            f"left={self.run.pk}&right={self.other.pk}&by=rip&hit=1&event=1"
            "&address=counter&expression=rax"
        )


def role_of(who: str) -> str:
    """Of their link; whoever has one that is over had the strongest."""
    return "controller" if who in ("expired", "revoked") else who


def routes() -> dict[str, URLPattern]:
    """All named routes of the project."""
    return dict(_walk(get_resolver().url_patterns, ""))


def _walk(
    patterns: list[URLPattern | URLResolver], space: str
) -> Iterator[tuple[str, URLPattern]]:
    for each in patterns:
        if isinstance(each, URLResolver):
            inner = f"{space}{each.namespace}:" if each.namespace else space
            yield from _walk(each.url_patterns, inner)
        else:
            assert each.name, each
            yield space + each.name, each
