"""/webhooks/: addresses of the caller that hear of what happens, and their deliveries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from sessions_app.api.errors import StrictSerializer
from sessions_app.api.pagination import NewestFirst
from sessions_app.models import Webhook, WebhookDelivery
from sessions_app.permissions import person_of
from sessions_app.readers import own_delivery, own_webhook, webhooks_of
from sessions_app.services.webhooks.address import MAX_URL
from sessions_app.services.webhooks.register import (
    delivery_again,
    webhook_change,
    webhook_create,
    webhook_test,
)


def _events(**given: Any) -> serializers.MultipleChoiceField:
    return serializers.MultipleChoiceField(
        choices=Webhook.Event.choices, allow_empty=False, **given
    )


class WebhookIn(StrictSerializer):
    """Where to, and of what."""

    url = serializers.CharField(max_length=MAX_URL, help_text="http:// or https://")
    events = _events()


class WebhookChange(StrictSerializer):
    """What may change. The address may not: its receiver has the secret."""

    events = _events(required=False)
    enabled = serializers.BooleanField(
        required=False, help_text="true also switches one on that was given up"
    )


class WebhookOut(serializers.ModelSerializer[Webhook]):
    """A webhook without its secret."""

    events = serializers.ListField(
        child=serializers.ChoiceField(choices=Webhook.Event.choices), read_only=True
    )

    class Meta:
        model = Webhook
        fields = [
            "id",
            "url",
            "events",
            "given_up",
            "disabled_at",
            "disabled_why",
            "created_at",
        ]
        read_only_fields = fields


class WebhookMade(WebhookOut):
    """The answer to making one: the only time that the secret is shown."""

    secret = serializers.CharField(read_only=True)

    class Meta(WebhookOut.Meta):
        fields = [*WebhookOut.Meta.fields, "secret"]
        read_only_fields = fields


class AttemptOut(serializers.Serializer[Any]):
    """One try; without a status there was no answer."""

    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)


class DeliveryOut(serializers.ModelSerializer[WebhookDelivery]):
    """What was sent, or is to be."""

    message_id = serializers.CharField(read_only=True, help_text="header webhook-id")
    attempts = AttemptOut(many=True, read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = [
            "id",
            "message_id",
            "event",
            "state",
            "attempts",
            "due_at",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields


class WebhookViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Any]):
    """Webhooks of the caller."""

    serializer_class = WebhookOut
    pagination_class = NewestFirst
    permission_classes = [IsAuthenticated]
    queryset = Webhook.objects.none()
    lookup_value_regex = "[0-9a-f-]{36}"

    def get_queryset(self) -> QuerySet[Webhook]:
        return webhooks_of(person_of(self.request))

    @extend_schema(request=WebhookIn, responses={201: WebhookMade})
    def create(self, request: Request) -> Response:
        form = WebhookIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        made, secret = webhook_create(
            owner=person_of(request), url=given["url"], events=sorted(given["events"])
        )
        return Response(WebhookOut(made).data | {"secret": secret}, status=201)

    @extend_schema(responses=WebhookOut)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(WebhookOut(own_webhook(request, pk)).data)

    @extend_schema(request=WebhookChange, responses=WebhookOut)
    def partial_update(self, request: Request, pk: str) -> Response:
        found = own_webhook(request, pk)
        form = WebhookChange(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        events = sorted(given["events"]) if "events" in given else None
        changed = webhook_change(
            webhook=found, events=events, enabled=given.get("enabled")
        )
        return Response(WebhookOut(changed).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """With what waits to be sent."""
        own_webhook(request, pk).delete()
        return Response(status=204)

    @extend_schema(responses=DeliveryOut(many=True))
    @action(detail=True, pagination_class=NewestFirst)
    def deliveries(self, request: Request, pk: str) -> Response:
        """What was sent or is to be, the newest first."""
        own = own_webhook(request, pk).deliveries.all()
        page: Any = self.paginate_queryset(own)
        return self.get_paginated_response(DeliveryOut(page, many=True).data)

    @extend_schema(request=None, responses={202: DeliveryOut})
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Send a delivery that says only that the address works; tried once."""
        sent = webhook_test(webhook=own_webhook(request, pk))
        return Response(DeliveryOut(sent).data, status=202)

    @extend_schema(
        request=None,
        responses={202: DeliveryOut},
        parameters=[OpenApiParameter("delivery", UUID, OpenApiParameter.PATH)],
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="deliveries/(?P<delivery>[0-9a-f-]{36})/again",
    )
    def again(self, request: Request, pk: str, delivery: str) -> Response:
        """Send one that is over once more, with the same id and body."""
        found = own_delivery(request, pk, delivery)
        return Response(DeliveryOut(delivery_again(delivery=found)).data, status=202)
