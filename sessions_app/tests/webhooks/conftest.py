"""The loopback is opened, as an operator can: receivers of tests are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from sessions_app.models import Webhook
from sessions_app.services.webhooks.register import webhook_create
from sessions_app.tests.webhooks.receiver import Receiver, receiver


@pytest.fixture
def loopback(settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]


@pytest.fixture
def there(loopback: None) -> Iterator[Receiver]:
    with receiver() as found:
        yield found


@pytest.fixture
def hook(alice: User, there: Receiver) -> Webhook:
    """Of all events, to the receiver."""
    made, _ = webhook_create(owner=alice, url=there.url, events=Webhook.Event.values)
    return made
