"""/sessions/<id>/notebook/: moments that were kept, in their order."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import FieldError, InvalidFields, StrictSerializer
from sessions_app.api.sessions import reader_permissions
from sessions_app.models import NotebookEntry, Run
from sessions_app.notebook import kept_moment, notebook_markdown
from sessions_app.permissions import Access, owner_access, person_of, session_access
from sessions_app.selectors import notebook_entries
from sessions_app.services.notebook import (
    MAX_ENTRIES,
    MAX_TEXT,
    entry_edit,
    entry_keep,
    entry_move,
    entry_remove,
)

MAX_SEQ = 2**53 - 1
MOMENTS = ("entry", "stub", "leave", "iret", "end")


class EntryIn(StrictSerializer):
    """A moment to keep: an event, or any event of a hit's tree for that hit."""

    run = serializers.IntegerField(
        min_value=1, max_value=1_000_000, help_text="number of the run"
    )
    seq = serializers.IntegerField(min_value=1, max_value=MAX_SEQ)
    moment = serializers.ChoiceField(choices=MOMENTS, required=False, allow_blank=True)
    text = serializers.CharField(
        max_length=MAX_TEXT, required=False, allow_blank=True, trim_whitespace=False
    )


class EntryChange(StrictSerializer):
    """What may change: the text, and the place in the order."""

    text = serializers.CharField(
        max_length=MAX_TEXT, required=False, allow_blank=True, trim_whitespace=False
    )
    position = serializers.IntegerField(
        min_value=1, max_value=MAX_ENTRIES, required=False
    )


class EntryOut(serializers.ModelSerializer[NotebookEntry]):
    """A kept moment."""

    run = serializers.IntegerField(source="run.number", read_only=True)

    class Meta:
        model = NotebookEntry
        fields = [
            "id",
            "position",
            "run",
            "seq",
            "hit_no",
            "moment",
            "title",
            "sentence",
            "place",
            "text",
            "author_name",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


def _run(access: Access, number: int) -> Run:
    runs = Run.objects.filter(session=access.session).select_related("recipe")
    run = runs.filter(number=number).first()
    if run is None:
        last = Run.objects.filter(session=access.session).count()
        raise InvalidFields([FieldError("run", number, "no such run", f"1 to {last}")])
    return run


class NotebookViewSet(viewsets.GenericViewSet[NotebookEntry]):
    """The notebook of one session. It is short: lists come whole."""

    serializer_class = EntryOut
    pagination_class = None
    queryset = NotebookEntry.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        return reader_permissions(self.request)

    def get_queryset(self) -> QuerySet[NotebookEntry]:
        access = session_access(self.request, self.kwargs["session_pk"])
        return notebook_entries(access.session)

    def _own(self, request: Request, session_pk: UUID, pk: str) -> NotebookEntry:
        access = owner_access(request, session_pk)
        try:
            wanted = UUID(pk)
        except ValueError as error:
            raise Http404("no such entry") from error
        found = notebook_entries(access.session).filter(pk=wanted).first()
        if found is None:
            raise Http404("no such entry")
        return found

    @extend_schema(responses=EntryOut(many=True))
    def list(self, request: Request, session_pk: UUID) -> Response:
        """All moments in their order."""
        return Response(EntryOut(self.get_queryset(), many=True).data)

    @extend_schema(request=EntryIn, responses={201: EntryOut})
    def create(self, request: Request, session_pk: UUID) -> Response:
        """Keep a moment; one that is kept already is answered as it is."""
        access = owner_access(request, session_pk)
        form = EntryIn(data=request.data)
        form.is_valid(raise_exception=True)
        given: dict[str, Any] = form.validated_data
        run = _run(access, given["run"])
        entry = entry_keep(
            session=access.session,
            run=run,
            by=person_of(request),
            kept=kept_moment(run, given["seq"], given.get("moment", "")),
            text=given.get("text", ""),
        )
        return Response(EntryOut(entry).data, status=201)

    @extend_schema(request=EntryChange, responses=EntryOut)
    def partial_update(self, request: Request, session_pk: UUID, pk: str) -> Response:
        """Change the text or the place."""
        entry = self._own(request, session_pk, pk)
        form = EntryChange(data=request.data)
        form.is_valid(raise_exception=True)
        if "text" in form.validated_data:
            entry_edit(entry=entry, text=form.validated_data["text"])
        if "position" in form.validated_data:
            entry_move(entry=entry, position=form.validated_data["position"])
        return Response(EntryOut(entry).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, session_pk: UUID, pk: str) -> Response:
        """Take a moment out."""
        entry_remove(entry=self._own(request, session_pk, pk))
        return Response(status=204)

    @extend_schema(responses={(200, "text/markdown"): OpenApiTypes.STR})
    @action(detail=False)
    def markdown(self, request: Request, session_pk: UUID) -> HttpResponse:
        """The notebook as a Markdown document."""
        access = session_access(request, session_pk)
        url = request.build_absolute_uri(reverse("session", args=[access.session.pk]))
        text = notebook_markdown(
            access.session, list(notebook_entries(access.session)), url
        )
        return HttpResponse(text, content_type="text/markdown; charset=utf-8")
