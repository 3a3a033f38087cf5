"""Webhooks in the page and over REST."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import Webhook, WebhookDelivery
from sessions_app.services.sharing import token_create
from sessions_app.services.webhooks.register import MAX_WEBHOOKS
from sessions_app.services.webhooks.signing import webhook_secret

LIST = "/accounts/webhooks/"
REST = "/api/v1/webhooks/"
URL = "https://ci.example.org/hook"
EVENTS = ["run.finished", "remark.added"]


@pytest.fixture
def made(alice: User) -> Webhook:
    return Webhook.objects.create(owner=alice, url=URL, events=["run.finished"])


def page(client: Client, path: str = LIST) -> str:
    return client.get(path).content.decode()


def test_the_secret_is_shown_once(alice_client: Client) -> None:
    answer = alice_client.post(LIST, {"url": URL, "events": EVENTS})
    secret = webhook_secret(Webhook.objects.get().pk)

    again = page(alice_client) + page(
        alice_client, f"{LIST}{Webhook.objects.get().pk}/"
    )

    assert secret in answer.content.decode()
    assert "whsec_" not in again


def test_the_page_says_what_is_wrong(alice_client: Client) -> None:
    answer = alice_client.post(
        LIST, {"url": "http://169.254.169.254/", "events": EVENTS}
    )

    assert answer.status_code == 422
    assert "169.254.169.254 is not a public address" in answer.content.decode()


def test_what_was_typed_stays(alice_client: Client) -> None:
    answer = alice_client.post(LIST, {"url": "ftp://ci.example.org/", "events": []})

    assert 'value="ftp://ci.example.org/"' in answer.content.decode()


def test_a_webhook_of_nothing_is_none(alice_client: Client) -> None:
    alice_client.post(LIST, {"url": URL})

    assert not Webhook.objects.exists()


def test_the_page_shows_what_became_of_deliveries(
    made: Webhook, alice_client: Client
) -> None:
    WebhookDelivery.objects.create(
        webhook=made,
        event="run.finished",
        body="{}",
        state="failed",
        attempts=[
            {
                "at": "2026-01-01T00:00:00Z",
                "status": 500,
                "error": "the receiver refused it",
            }
        ],
    )

    html = page(alice_client, f"{LIST}{made.pk}/")

    assert re.search(r"failed.*500.*the receiver refused it", html, re.DOTALL)


@pytest.mark.parametrize(("do", "off"), [("off", True), ("on", False)])
def test_the_page_switches(
    made: Webhook, alice_client: Client, do: str, off: bool
) -> None:
    alice_client.post(f"{LIST}{made.pk}/change/", {"do": do})

    made.refresh_from_db()
    assert (made.disabled_at is not None) == off


def test_the_page_changes_events(made: Webhook, alice_client: Client) -> None:
    alice_client.post(
        f"{LIST}{made.pk}/change/", {"do": "events", "events": ["remark.added"]}
    )

    made.refresh_from_db()
    assert made.events == ["remark.added"]


def test_the_page_sends_a_test(made: Webhook, alice_client: Client) -> None:
    alice_client.post(f"{LIST}{made.pk}/change/", {"do": "test"})

    assert made.deliveries.get().event == "webhook.test"


@pytest.fixture
def failed(made: Webhook) -> WebhookDelivery:
    return made.deliveries.create(event="run.finished", body="{}", state="failed")


def test_the_page_sends_one_again(
    made: Webhook, failed: WebhookDelivery, alice_client: Client
) -> None:
    path = f"{LIST}{made.pk}/deliveries/{failed.pk}/again/"
    shown = page(alice_client, f"{LIST}{made.pk}/")

    alice_client.post(path)

    failed.refresh_from_db()
    assert f'action="{path}"' in shown
    assert failed.state == "pending"


def test_rest_sends_one_again(
    made: Webhook, failed: WebhookDelivery, alice_api: APIClient
) -> None:
    path = f"{REST}{made.pk}/deliveries/{failed.pk}/again/"

    answers = [alice_api.post(path).status_code for _ in range(2)]

    assert answers == [202, 422]


def test_not_by_another_webhook(
    alice: User, failed: WebhookDelivery, alice_api: APIClient
) -> None:
    other = Webhook.objects.create(owner=alice, url=URL, events=["run.finished"])

    answer = alice_api.post(f"{REST}{other.pk}/deliveries/{failed.pk}/again/")

    assert answer.status_code == 404


def test_the_page_deletes(made: Webhook, alice_client: Client) -> None:
    alice_client.post(f"{LIST}{made.pk}/delete/")

    assert not Webhook.objects.exists()


def test_rest_makes_one(alice_api: APIClient) -> None:
    answer = alice_api.post(REST, {"url": URL, "events": EVENTS})

    told = answer.json()
    assert answer.status_code == 201
    assert (told["url"], sorted(told["events"])) == (URL, sorted(EVENTS))
    assert told["secret"].startswith("whsec_")


def test_rest_shows_no_secret_later(made: Webhook, alice_api: APIClient) -> None:
    assert "secret" not in alice_api.get(f"{REST}{made.pk}/").json()
    assert "secret" not in alice_api.get(REST).json()["results"][0]


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"url": "http://127.0.0.1/", "events": EVENTS}, "url"),
        ({"url": "ftp://example.org/", "events": EVENTS}, "url"),
        ({"url": URL, "events": []}, "events"),
        ({"url": URL, "events": ["run.started"]}, "events"),
        ({"url": URL}, "events"),
        ({"events": EVENTS}, "url"),
        ({"url": URL, "events": EVENTS, "secret": "mine"}, "secret"),
    ],
)
def test_rest_names_what_is_wrong(
    alice_api: APIClient, sent: dict[str, object], field: str
) -> None:
    answer = alice_api.post(REST, sent)

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_rest_makes_so_many_and_no_more(alice: User, alice_api: APIClient) -> None:
    Webhook.objects.bulk_create(
        Webhook(owner=alice, url=URL, events=EVENTS) for _ in range(MAX_WEBHOOKS)
    )

    answer = alice_api.post(REST, {"url": URL, "events": EVENTS})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["allowed"] == f"at most {MAX_WEBHOOKS}"


def test_rest_switches_one_on_again(made: Webhook, alice_api: APIClient) -> None:
    alice_api.patch(f"{REST}{made.pk}/", {"enabled": False})
    off = alice_api.get(f"{REST}{made.pk}/").json()["disabled_why"]

    told = alice_api.patch(f"{REST}{made.pk}/", {"enabled": True}).json()

    assert (off, told["disabled_at"], told["disabled_why"]) == (
        "by its owner",
        None,
        "",
    )


def test_rest_sends_a_test(made: Webhook, alice_api: APIClient) -> None:
    answer = alice_api.post(f"{REST}{made.pk}/test/")

    assert (answer.status_code, answer.json()["state"]) == (202, "pending")


def test_rest_tests_so_often_and_no_more(made: Webhook, alice_api: APIClient) -> None:
    answers = [alice_api.post(f"{REST}{made.pk}/test/").status_code for _ in range(6)]

    assert answers == [202] * 5 + [422]


def test_rest_lists_deliveries(made: Webhook, alice_api: APIClient) -> None:
    alice_api.post(f"{REST}{made.pk}/test/")

    (told,) = alice_api.get(f"{REST}{made.pk}/deliveries/").json()["results"]

    assert (told["event"], told["attempts"]) == ("webhook.test", [])


def test_a_token_that_only_writes_makes_none(alice: User) -> None:
    """Where things go to is access."""
    _, secret = token_create(user=alice, name="ci", scope="write")
    client = APIClient()

    answer = client.post(
        REST,
        {"url": URL, "events": EVENTS},
        HTTP_AUTHORIZATION=f"Bearer {secret}",
    )

    assert answer.status_code == 403
