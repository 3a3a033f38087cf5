"""/reviews/<id>/versions/<v>/<w>/<number>/: one patch between two versions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from sessions_app.api.reviews import version_in
from sessions_app.mail.interdiff import BASES
from sessions_app.permissions import review_access
from sessions_app.reviews.interdiffs import Interdiff, interdiff_of


class FileDifferenceOut(serializers.Serializer[Any]):
    """A file that the versions make something else of."""

    name = serializers.CharField()
    basis = serializers.ChoiceField(
        choices=list(BASES), help_text="how it was found; in_words says it"
    )
    in_words = serializers.CharField()
    moved_by = serializers.IntegerField(
        help_text="lines by which most of the later version was moved"
    )
    said = serializers.ListField(
        child=serializers.CharField(), help_text="names and modes of the later version"
    )
    difference = serializers.ListField(
        child=serializers.CharField(),
        help_text="of the two diffs, where the files could not be compared",
    )


class InterdiffOut(serializers.Serializer[Any]):
    """What changed in what a patch makes of the files; left is null where the earlier
    version has no such patch."""

    left = serializers.IntegerField(allow_null=True)
    right = serializers.IntegerField()
    files = FileDifferenceOut(many=True)
    problems = serializers.ListField(child=serializers.CharField())
    text = serializers.CharField(
        help_text="a patch on top of the earlier version, for git apply"
    )


class InterdiffView(APIView):
    """One patch between two versions of a review."""

    permission_classes = [AllowAny]

    @extend_schema(responses=InterdiffOut)
    def get(
        self, request: Request, review_pk: UUID, left: int, right: int, number: int
    ) -> Response:
        """From the files after the earlier version to those after the later one; number
        is the patch's in the later one."""
        review = review_access(request, review_pk).review
        found = interdiff_of(
            version_in(review, str(left)), version_in(review, str(right)), number
        )
        if found is None:
            raise Http404("no such patch")
        told: dict[str, Any] = {"left": None, "right": number, "files": []}
        told |= {"problems": [], "text": ""}
        if isinstance(found, Interdiff):
            told |= {
                "left": found.left.number,
                "files": found.files,
                "problems": found.problems,
                "text": found.text,
            }
        return Response(InterdiffOut(told).data)
