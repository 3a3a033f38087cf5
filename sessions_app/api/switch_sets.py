"""/switch-sets/ and /variants/: kernels of one's own, and the shipped ones."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app import runner
from sessions_app.api.errors import StrictSerializer
from sessions_app.api.pagination import NewestFirst
from sessions_app.models import SwitchSet
from sessions_app.permissions import (
    own_switch_set,
    person_of,
    public_switch_sets,
    switch_set_for,
    switch_sets_of,
)
from sessions_app.services.switch_sets import (
    switch_set_create,
    switch_set_delete,
    switch_set_edit,
)

_NAME = OpenApiParameter("id", str, OpenApiParameter.PATH)


class SwitchSetIn(StrictSerializer):
    """What a client may say about a set."""

    name = serializers.CharField(max_length=80)
    base = serializers.CharField(
        max_length=40, help_text="a shipped variant, by id or short name"
    )
    changes = serializers.DictField(
        required=False, help_text="switch to value; what is as in the base is left out"
    )
    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    visibility = serializers.ChoiceField(
        choices=SwitchSet.Visibility.values, required=False
    )


class SwitchSetOut(serializers.ModelSerializer[SwitchSet]):
    """A set as every list and answer shows it."""

    owner = serializers.CharField(source="owner.username", read_only=True)

    class Meta:
        model = SwitchSet
        fields = [
            "id",
            "owner",
            "name",
            "slug",
            "base",
            "changes",
            "note",
            "visibility",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class SwitchSetViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[SwitchSet]):
    """Sets of the caller; a public or unlisted one also by its id."""

    serializer_class = SwitchSetOut
    pagination_class = NewestFirst
    permission_classes = [IsAuthenticated]
    queryset = SwitchSet.objects.none()

    def get_queryset(self) -> QuerySet[SwitchSet]:
        user = self.request.user
        if self.request.query_params.get("public") == "1":
            return public_switch_sets(user)
        return switch_sets_of(user).select_related("owner")

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "public",
                OpenApiTypes.STR,
                enum=["1"],
                description="the public ones of others instead of one's own",
            )
        ]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """One's own sets, newest first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=SwitchSetIn, responses={201: SwitchSetOut})
    def create(self, request: Request) -> Response:
        form = SwitchSetIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = {"changes": {}, **form.validated_data}
        made = switch_set_create(owner=person_of(request), **given)
        return Response(SwitchSetOut(made).data, status=201)

    @extend_schema(responses=SwitchSetOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(SwitchSetOut(switch_set_for(request, pk)).data)

    @extend_schema(request=SwitchSetIn(partial=True), responses=SwitchSetOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        found = own_switch_set(request, pk)
        form = SwitchSetIn(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        edited = switch_set_edit(switch_set=found, **form.validated_data)
        return Response(SwitchSetOut(edited).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        switch_set_delete(switch_set=own_switch_set(request, pk))
        return Response(status=204)


class VariantOut(serializers.Serializer[Any]):
    """A shipped kernel, told as a difference to its base."""

    id = serializers.CharField()
    alias = serializers.CharField()
    base = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    provenance = serializers.CharField()
    certainty = serializers.CharField()
    changes = serializers.DictField()
    machine = serializers.DictField()


class SwitchOut(serializers.Serializer[Any]):
    """One switch of a kernel."""

    name = serializers.CharField()
    value = serializers.JSONField()
    set_by = serializers.CharField(help_text="the variant that states this value")
    section = serializers.CharField()
    meaning = serializers.CharField()
    kind = serializers.CharField(source="told.kind")
    choices = serializers.DictField(source="told.choices")


class VariantWholeOut(VariantOut):
    """A kernel with all of its switches."""

    switches = SwitchOut(many=True)


class VariantViewSet(viewsets.ViewSet):
    """The shipped kernels."""

    permission_classes = [IsAuthenticated]
    serializer_class = VariantOut

    @extend_schema(responses=VariantOut(many=True))
    def list(self, request: Request) -> Response:
        return Response(VariantOut(runner.variants(), many=True).data)

    @extend_schema(parameters=[_NAME], responses=VariantWholeOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        """One kernel, by id or short name."""
        found = runner.variant(pk)
        if found is None:
            raise Http404
        rows = runner.switch_rows(found.id, None)
        whole = VariantOut(found).data | {"switches": SwitchOut(rows, many=True).data}
        return Response(whole)
