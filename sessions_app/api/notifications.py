"""/notifications/: what wants the caller's attention, and which mails they get."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import StrictSerializer
from sessions_app.api.pagination import NewestFirst
from sessions_app.models import NoticePreference, Notification
from sessions_app.permissions import person_of
from sessions_app.readers import notification_for, notifications_of
from sessions_app.services.notices.attention import (
    notification_set_read,
    notifications_read,
)
from sessions_app.services.notices.mail import preference_set
from sessions_app.services.notices.tell import mail_wish


class NotificationOut(serializers.ModelSerializer[Notification]):
    """That somebody spoke to the caller, or of what is theirs."""

    author_name = serializers.SerializerMethodField()
    title = serializers.SerializerMethodField(help_text="of the session or review")
    body = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField(help_text="the very place; marks it read")

    class Meta:
        model = Notification
        fields = [
            "id",
            "why",
            "author_name",
            "title",
            "body",
            "url",
            "session",
            "annotation",
            "review",
            "remark",
            "created_at",
            "read_at",
        ]
        read_only_fields = fields

    def _said(self, notice: Notification) -> Any:
        return notice.annotation or notice.remark

    def get_author_name(self, notice: Notification) -> str:
        return str(self._said(notice).author_name)

    def get_body(self, notice: Notification) -> str:
        return str(self._said(notice).body)

    def get_title(self, notice: Notification) -> str:
        of: Any = notice.session or notice.review
        return str(of.title)

    def get_url(self, notice: Notification) -> str:
        path = reverse("notification", args=[notice.pk])
        return str(self.context["request"].build_absolute_uri(path))


class NotificationChange(StrictSerializer):
    """Read, or unread again."""

    read = serializers.BooleanField()


class NotificationQuery(StrictSerializer):
    """Which are listed."""

    unread = serializers.BooleanField(required=False)
    cursor = serializers.CharField(required=False)
    limit = serializers.IntegerField(required=False)


class ReadOut(serializers.Serializer[Any]):
    """How many were unread until now."""

    read = serializers.IntegerField()


class MailWish(StrictSerializer):
    """What comes by mail."""

    mail = serializers.ChoiceField(choices=NoticePreference.Mail.choices)


class NotificationViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Notification]):
    """Notifications of the caller, about what they may still read."""

    serializer_class = NotificationOut
    pagination_class = NewestFirst
    permission_classes = [IsAuthenticated]
    queryset = Notification.objects.none()
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_queryset(self) -> QuerySet[Notification]:
        form = NotificationQuery(data=self.request.query_params.dict())
        form.is_valid(raise_exception=True)
        own = notifications_of(person_of(self.request))
        return own.filter(read_at=None) if form.validated_data.get("unread") else own

    @extend_schema(parameters=[NotificationQuery])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The newest first."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=NotificationChange, responses=NotificationOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        found = notification_for(request, pk)
        form = NotificationChange(data=request.data)
        form.is_valid(raise_exception=True)
        notification_set_read(notice=found, read=form.validated_data["read"])
        return Response(self.get_serializer(found).data)

    @extend_schema(request=None, responses={200: ReadOut})
    @action(detail=False, methods=["post"])
    def read(self, request: Request) -> Response:
        """All of them are read."""
        return Response({"read": notifications_read(person=person_of(request))})

    @extend_schema(responses=MailWish)
    @action(detail=False, pagination_class=None)
    def mail(self, request: Request) -> Response:
        """What comes by mail: off, direct (mentions and replies), or all."""
        return Response({"mail": mail_wish(person_of(request).pk)})

    @extend_schema(request=MailWish, responses=MailWish)
    @mail.mapping.patch
    def mail_change(self, request: Request) -> Response:
        """Choose it."""
        form = MailWish(data=request.data)
        form.is_valid(raise_exception=True)
        preference_set(person=person_of(request), **form.validated_data)
        return Response(form.validated_data)
