"""Against the example that Standard Webhooks publishes."""

from __future__ import annotations

import base64
import uuid
from typing import Any

from sessions_app.services.webhooks.signing import signature, webhook_secret


def test_the_published_example() -> None:
    signed = signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_has_as_many_bytes_as_the_specification_asks() -> None:
    secret = webhook_secret(uuid.uuid4())

    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64


def test_each_webhook_has_a_secret_of_its_own() -> None:
    assert webhook_secret(uuid.uuid4()) != webhook_secret(uuid.uuid4())


def test_a_secret_needs_the_key_of_the_installation(settings: Any) -> None:
    key = uuid.uuid4()
    before = webhook_secret(key)

    settings.SECRET_KEY = "another"

    assert webhook_secret(key) != before
