"""/images/: programs by the SHA-256 of their bytes."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import StrictSerializer
from sessions_app.api.idempotent import Idempotent
from sessions_app.api.parsers import JSONParser
from sessions_app.models import Image
from sessions_app.permissions import person_of
from sessions_app.services.images import (
    MAX_IMAGE,
    MAX_SOURCE,
    check_body_length,
    image_from_assembly,
    image_from_elf,
)


class ElfIn(StrictSerializer):
    """A static ELF64 executable as multipart form data."""

    file = serializers.FileField(help_text=f"at most {MAX_IMAGE} bytes")


class AssemblyIn(StrictSerializer):
    """Assembly text for GNU as, AT&T syntax."""

    assembly = serializers.CharField(max_length=MAX_SOURCE, trim_whitespace=False)
    mode = serializers.ChoiceField(choices=["user", "kernel"], default="user")


class ImageOut(serializers.ModelSerializer[Image]):
    """An image; symbols by name."""

    class Meta:
        model = Image
        fields = ["sha256", "name", "kind", "size", "symbols", "created_at"]
        read_only_fields = fields


class ImageViewSet(Idempotent, viewsets.ViewSet):
    """Programs to run. The same bytes are the same image."""

    permission_classes = [IsAuthenticated]
    parser_classes = [JSONParser, MultiPartParser]
    serializer_class = ImageOut

    @extend_schema(
        request={"multipart/form-data": ElfIn, "application/json": AssemblyIn},
        responses={201: ImageOut},
    )
    def create(self, request: Request) -> Response:
        """Upload an ELF or assemble a text. 413 above the limit, nothing stored."""
        check_body_length(request.META.get("CONTENT_LENGTH"))
        if request.content_type.startswith("multipart/"):
            image = self._elf(request)
        else:
            image = self._assembly(request)
        return Response(ImageOut(image).data, status=201)

    def _elf(self, request: Request) -> Image:
        form = ElfIn(data=request.data)
        form.is_valid(raise_exception=True)
        upload: Any = form.validated_data["file"]
        return image_from_elf(
            data=upload.read(), name=upload.name, by=person_of(request)
        )

    def _assembly(self, request: Request) -> Image:
        form = AssemblyIn(data=request.data)
        form.is_valid(raise_exception=True)
        return image_from_assembly(
            source=form.validated_data["assembly"],
            mode=form.validated_data["mode"],
            by=person_of(request),
        )
