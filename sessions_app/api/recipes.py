"""/recipes/: immutable descriptions of runs, by the SHA-256 of their canonical JSON."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.permissions import (
    SAFE_METHODS,
    AllowAny,
    BasePermission,
    IsAuthenticated,
)
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import FieldError, InvalidFields, StrictSerializer
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.unchanging import FOR_EVER
from sessions_app.models import Image, StoredRecipe
from sessions_app.permissions import recipe_is_readable
from sessions_app.services.recipes import Builder, Watch, recipe_build, recipe_store


class WatchIn(StrictSerializer):
    """A breakpoint by symbol or address."""

    type = serializers.ChoiceField(choices=["write", "access", "execute"])
    length = serializers.ChoiceField(choices=[1, 2, 4, 8], default=4)
    at = serializers.CharField(max_length=200)
    owner = serializers.ChoiceField(
        choices=["perf_user", "perf_wide", "perf_cpu", "ptrace", "kgdb"], required=False
    )
    cpu = serializers.IntegerField(min_value=0, max_value=7, required=False)
    slot = serializers.IntegerField(min_value=0, max_value=3, required=False)
    condition = serializers.CharField(max_length=1000, default=None, allow_null=True)
    ignore = serializers.IntegerField(min_value=0, max_value=2**53 - 1, default=0)
    limit = serializers.IntegerField(
        min_value=1, max_value=2**53 - 1, default=None, allow_null=True
    )


class BuilderIn(StrictSerializer):
    """The short form: an image and what to watch; the rest has defaults."""

    image = serializers.RegexField("^[0-9a-f]{64}$")
    breakpoints = WatchIn(many=True)
    variant = serializers.CharField(max_length=40, default="g-bare")
    mode = serializers.ChoiceField(choices=["user", "kernel"], default="user")
    cpus = serializers.IntegerField(min_value=1, max_value=8, default=1)
    kgdb = serializers.BooleanField(default=False)
    args = serializers.ListField(
        child=serializers.CharField(max_length=4096), max_length=256, default=list
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**53 - 1, default=1)
    instructions = serializers.IntegerField(
        min_value=1, max_value=100_000_000_000, default=10_000_000
    )
    events = serializers.IntegerField(
        min_value=1, max_value=10_000_000, default=1_000_000
    )
    wall_ms = serializers.IntegerField(min_value=1, max_value=3_600_000, default=60_000)


class RecipeOut(serializers.Serializer[StoredRecipe]):
    """A stored recipe."""

    id = serializers.CharField(source="pk")
    recipe = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    def get_recipe(self, stored: StoredRecipe) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(stored.body)
        return body


def _built(data: Any) -> dict[str, Any]:
    form = BuilderIn(data=data)
    form.is_valid(raise_exception=True)
    wish = dict(form.validated_data)
    image = Image.objects.filter(pk=wish["image"]).first()
    if image is None:
        allowed = "the sha256 of an image posted to /images/"
        raise InvalidFields(
            [FieldError("image", wish["image"], "no such image", allowed)]
        )
    watches = [watch_of(told) for told in wish.pop("breakpoints")]
    wish["image"] = image
    return recipe_build(Builder(watches=watches, entry=image.entry, **wish))


def watch_of(told: dict[str, Any]) -> Watch:
    """The breakpoint that a WatchIn says."""
    return Watch(**{**told, "length": int(told["length"])})


class RecipeViewSet(Idempotent, viewsets.ViewSet):
    """Recipes. A GET answers the canonical bytes themselves: their SHA-256 is the id."""

    serializer_class = RecipeOut
    lookup_value_regex = "[0-9a-f]{64}"

    def get_permissions(self) -> list[BasePermission]:
        reading = self.request.method in SAFE_METHODS
        return [AllowAny()] if reading else [IsAuthenticated()]

    @extend_schema(request=BuilderIn, responses={201: RecipeOut})
    def create(self, request: Request) -> Response:
        """Store a recipe: the whole document (with ``format``), or the short form."""
        whole = isinstance(request.data, dict) and "format" in request.data
        stored = recipe_store(request.data if whole else _built(request.data))
        return Response(RecipeOut(stored).data, status=201)

    @extend_schema(responses={(200, "application/json"): OpenApiTypes.OBJECT})
    def retrieve(self, request: Request, pk: str) -> HttpResponseBase:
        """The canonical JSON of a recipe that a run of yours (or a shared one) used."""
        stored = StoredRecipe.objects.filter(pk=pk).first()
        if stored is None or not recipe_is_readable(request, stored):
            raise Http404
        etag = f'"{stored.pk}"'
        found = get_conditional_response(request._request, etag=etag)
        answer = found or HttpResponse(stored.body, content_type="application/json")
        answer["ETag"] = etag
        answer["Cache-Control"] = FOR_EVER
        return answer
