"""/sessions/<id>/share-links/: capability links with expiry and revocation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import FieldError, InvalidFields, StrictSerializer
from sessions_app.api.pagination import NewestFirst
from sessions_app.models import Run, ShareLink
from sessions_app.permissions import owner_access, person_of
from sessions_app.services.sharing import share_link_create, share_link_revoke


class ShareLinkIn(StrictSerializer):
    """When the link ends and which moment it opens."""

    expires_at = serializers.DateTimeField(required=False, allow_null=True)
    run = serializers.IntegerField(min_value=1, max_value=1_000_000, required=False)
    seq = serializers.IntegerField(min_value=1, max_value=2**53 - 1, required=False)


class ShareLinkOut(serializers.ModelSerializer[ShareLink]):
    """A link without its secret, which is not kept."""

    run = serializers.IntegerField(source="run.number", default=None, read_only=True)

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


class ShareLinkViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ShareLink]):
    """Links of one session; only its owner sees them."""

    serializer_class = ShareLinkOut
    pagination_class = NewestFirst
    permission_classes = [IsAuthenticated]
    queryset = ShareLink.objects.none()

    def get_queryset(self) -> QuerySet[ShareLink]:
        access = owner_access(self.request, self.kwargs["session_pk"])
        return ShareLink.objects.filter(session=access.session).select_related("run")

    @extend_schema(request=ShareLinkIn, responses={201: ShareLinkMade})
    def create(self, request: Request, session_pk: str) -> Response:
        access = owner_access(request, session_pk)
        form = ShareLinkIn(data=request.data)
        form.is_valid(raise_exception=True)
        wish: dict[str, Any] = form.validated_data
        expires = wish.get("expires_at")
        if expires is not None and expires <= timezone.now():
            raise InvalidFields(
                [
                    FieldError(
                        "expires_at", str(expires), "lies in the past", "a later time"
                    )
                ]
            )
        link, secret = share_link_create(
            session=access.session,
            by=person_of(request),
            expires_at=expires,
            run=self._run(access.session.pk, wish.get("run")),
            seq=wish.get("seq"),
        )
        url = request.build_absolute_uri(reverse("share-open", args=[secret]))
        return Response(ShareLinkOut(link).data | {"url": url}, status=201)

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
        access = owner_access(request, session_pk)
        if not share_link_revoke(session=access.session, link_id=pk):
            raise Http404
        return Response(status=204)
