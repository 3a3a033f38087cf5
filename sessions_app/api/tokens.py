"""/tokens/: API tokens of the caller."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import FieldError, InvalidFields, StrictSerializer
from sessions_app.api.pagination import NewestFirst
from sessions_app.models import ApiToken
from sessions_app.permissions import person_of
from sessions_app.services.sharing import token_create, token_delete


class TokenIn(StrictSerializer):
    """A name by which the owner knows the token again, and how far it reaches."""

    name = serializers.CharField(max_length=80)
    scope = serializers.ChoiceField(
        choices=ApiToken.Scope.values, required=False, default="control"
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True)


class TokenOut(serializers.ModelSerializer[ApiToken]):
    """A token without its secret, which is not kept."""

    class Meta:
        model = ApiToken
        fields = ["id", "name", "scope", "created_at", "expires_at", "last_used_at"]
        read_only_fields = fields


class TokenMade(TokenOut):
    """The answer to making a token: the only time that it is shown."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenOut.Meta):
        fields = [*TokenOut.Meta.fields, "token"]
        read_only_fields = fields


def _not_after(by: object, wanted: datetime | None) -> datetime | None:
    """A token that was made by a token does not outlive it."""
    end = by.expires_at if isinstance(by, ApiToken) else None
    return min(filter(None, (end, wanted)), default=None)


class TokenViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[ApiToken]):
    """Tokens of the caller."""

    serializer_class = TokenOut
    lookup_value_regex = "[0-9]{1,15}"
    pagination_class = NewestFirst
    permission_classes = [IsAuthenticated]
    queryset = ApiToken.objects.none()

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.filter(user=person_of(self.request))

    @extend_schema(request=TokenIn, responses={201: TokenMade})
    def create(self, request: Request) -> Response:
        form = TokenIn(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = form.validated_data
        expires = given.get("expires_at")
        if expires is not None and expires <= timezone.now():
            wrong = ("expires_at", str(expires), "lies in the past", "a later time")
            raise InvalidFields([FieldError(*wrong)])
        given["expires_at"] = _not_after(request.auth, expires)
        token, secret = token_create(user=person_of(request), **given)
        return Response(TokenOut(token).data | {"token": secret}, status=201)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        if not token_delete(user=person_of(request), token_id=pk):
            raise Http404
        return Response(status=204)
