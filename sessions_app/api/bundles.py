"""/bundles/: a run of another installation comes here (docs/bundle.md)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import StrictSerializer
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.runs import RunOut
from sessions_app.permissions import person_of
from sessions_app.services.bundles import bundle_import


class BundleIn(StrictSerializer):
    """A bundle as multipart form data."""

    file = serializers.FileField(help_text="as ?format=bundle of an export wrote it")


class BundleView(Idempotent):
    """Import."""

    permission_classes = [IsAuthenticated]
    parser_classes = [MultiPartParser]

    @extend_schema(request={"multipart/form-data": BundleIn}, responses={201: RunOut})
    def post(self, request: Request) -> Response:
        """Check a bundle and keep its run in a new session; or say why not."""
        form = BundleIn(data=request.data)
        form.is_valid(raise_exception=True)
        upload: Any = form.validated_data["file"]
        run = bundle_import(owner=person_of(request), data=upload.read())
        return Response(RunOut(run).data, status=201)
