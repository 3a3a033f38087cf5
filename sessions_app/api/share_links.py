"""/sessions/<id>/share-links/, /reviews/<id>/share-links/: capability links with role, expiry, use
limit, revocation and a log of who opened them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import FieldError, InvalidFields, StrictSerializer
from sessions_app.api.pagination import NewestFirst
from sessions_app.forms.accounts import MAX_USES
from sessions_app.models import DebugSession, LinkOpening, Review, Run, ShareLink
from sessions_app.permissions import own_review, owner_access, person_of
from sessions_app.services.sharing import Terms, share_link_create, share_link_revoke

#: Openings of one link that are told.
MAX_LOG = 500


class TermsIn(StrictSerializer):
    """What the link allows and when it ends."""

    role = serializers.ChoiceField(
        choices=["viewer", "commenter"], required=False, default="viewer"
    )
    use_limit = serializers.IntegerField(
        min_value=1,
        max_value=MAX_USES,
        required=False,
        allow_null=True,
        help_text="openings after which it opens no more",
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class ShareLinkIn(TermsIn):
    """The same of a session, and which moment it opens."""

    role = serializers.ChoiceField(
        choices=ShareLink.Role.values, required=False, default="viewer"
    )
    run = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
    seq = serializers.IntegerField(min_value=1, max_value=2**53 - 1, required=False)


class OpeningOut(serializers.ModelSerializer[LinkOpening]):
    """Somebody opened it."""

    class Meta:
        model = LinkOpening
        fields = ["at", "role", "network"]
        read_only_fields = fields


class ShareLinkOut(serializers.ModelSerializer[ShareLink]):
    """A link without its secret, which is not kept."""

    run = serializers.IntegerField(
        source="run.number", default=None, read_only=True, allow_null=True
    )
    state = serializers.ChoiceField(
        choices=["open", "revoked", "expired", "used up"], read_only=True
    )

    class Meta:
        model = ShareLink
        fields = [
            "id",
            "role",
            "run",
            "seq",
            "created_at",
            "expires_at",
            "revoked_at",
            "state",
            "use_limit",
            "used_count",
            "last_used_at",
        ]
        read_only_fields = fields


class ShareLinkMade(ShareLinkOut):
    """The answer to making a link: the only time that its address is shown."""

    url = serializers.CharField(read_only=True)

    class Meta(ShareLinkOut.Meta):
        fields = [*ShareLinkOut.Meta.fields, "url"]
        read_only_fields = fields


class _LinkViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ShareLink]):
    """Links of one thing; only its owner sees them."""

    serializer_class = ShareLinkOut
    pagination_class = NewestFirst
    permission_classes = [IsAuthenticated]
    queryset = ShareLink.objects.none()

    def shared(self) -> DebugSession | Review:
        """What the address names; the caller owns it."""
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[ShareLink]:
        return self.shared().share_links.select_related("run")

    def _made(self, of: DebugSession | Review, **given: Any) -> Response:
        expires = given.get("expires_at")
        if expires is not None and expires <= timezone.now():
            wrong = ("expires_at", str(expires), "lies in the past", "a later time")
            raise InvalidFields([FieldError(*wrong)])
        link, secret = share_link_create(
            of=of,
            by=person_of(self.request),
            terms=Terms(given["role"], expires, given.get("use_limit")),
            run=given.get("run"),
            seq=given.get("seq"),
        )
        url = self.request.build_absolute_uri(reverse("share-open", args=[secret]))
        return Response(ShareLinkOut(link).data | {"url": url}, status=201)

    def _revoked(self, pk: str) -> Response:
        if not share_link_revoke(of=self.shared(), link_id=_uuid(pk)):
            raise Http404
        return Response(status=204)

    def _log(self, pk: str) -> Response:
        link = self.get_queryset().filter(pk=_uuid(pk)).first()
        if link is None:
            raise Http404("no such link")
        found = link.openings.order_by("-at")[:MAX_LOG]
        return Response(OpeningOut(found, many=True).data)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404("no such link") from error


class ShareLinkViewSet(_LinkViewSet):
    """Links of one session; only its owner sees them."""

    def shared(self) -> DebugSession:
        return owner_access(self.request, self.kwargs["session_pk"]).session

    @extend_schema(request=ShareLinkIn, responses={201: ShareLinkMade})
    def create(self, request: Request, session_pk: str) -> Response:
        session = self.shared()
        form = ShareLinkIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        run = self._run(session.pk, given.pop("run", None))
        return self._made(session, run=run, **given)

    def _run(self, session_id: UUID, number: int | None) -> Run | None:
        if number is None:
            return None
        run = Run.objects.filter(session_id=session_id, number=number).first()
        if run is None:
            raise InvalidFields([FieldError("run", number, "no such run")])
        return run

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, session_pk: str, pk: str) -> Response:
        """Revoke: the link stops to open at once and stays in the list."""
        return self._revoked(pk)

    @extend_schema(responses=OpeningOut(many=True))
    @action(detail=True, pagination_class=None)
    def openings(self, request: Request, session_pk: str, pk: str) -> Response:
        """When it was opened, as what, from which part of the network; newest first."""
        return self._log(pk)


class ReviewLinkViewSet(_LinkViewSet):
    """Links of one review; only its owner sees them."""

    def shared(self) -> Review:
        return own_review(self.request, self.kwargs["review_pk"]).review

    @extend_schema(request=TermsIn, responses={201: ShareLinkMade})
    def create(self, request: Request, review_pk: str) -> Response:
        review = self.shared()
        form = TermsIn(data=request.data)
        form.is_valid(raise_exception=True)
        return self._made(review, **form.validated_data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, review_pk: str, pk: str) -> Response:
        """Revoke: the link stops to open at once and stays in the list."""
        return self._revoked(pk)

    @extend_schema(responses=OpeningOut(many=True))
    @action(detail=True, pagination_class=None)
    def openings(self, request: Request, review_pk: str, pk: str) -> Response:
        """When it was opened, as what, from which part of the network; newest first."""
        return self._log(pk)
