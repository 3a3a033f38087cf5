"""Evidence that is a part of the machine, seen from both sides; other words for remarks."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import Review, ReviewRemark, Run
from sessions_app.services.reviews import (
    Place,
    remark_create,
    remark_edit,
    remarks_publish,
)


def url(review: Review, tail: str = "") -> str:
    return f"/reviews/{review.pk}/{tail}"


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:300]
    return answer.content.decode()


def moment(run: Run, more: str = "") -> str:
    return f"/sessions/{run.session_id}/?run=1&hit=7{more}"


def remark(client: APIClient, review: Review, **fields: object) -> Any:
    sent = {"message_id": "v1@example.org", "at": 3, "body": "Hm."} | fields
    return client.post(f"/api/v1{url(review, 'remarks/')}", sent, format="json")


def test_an_address_names_a_bit(alice_api: APIClient, review: Review, run: Run) -> None:
    made = remark(alice_api, review, proof=moment(run, "&on=dr7.1")).json()

    assert (made["register"], made["bit"]) == ("dr7", 1)


def test_a_part_may_stand_beside_the_address(
    alice_api: APIClient, review: Review, run: Run
) -> None:
    made = remark(alice_api, review, proof=moment(run), cpu=0, slot=0).json()

    assert (made["cpu"], made["slot"]) == (0, 0)


def test_the_snapshot_of_the_address_is_kept(
    alice_api: APIClient, review: Review, run: Run
) -> None:
    made = remark(alice_api, review, proof=moment(run, "&moment=entry")).json()

    assert made["moment"] == "entry"


# The stored snapshots have DR7 = 0xd0602 and cpu_dr7 = 0xd0202: bit 10 parts.
@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("dr7.1", "DR7 bit 1 G0 is 1, in the kernel's cpu_dr7 1."),
        ("dr7.10", "DR7 bit 10 is 1, in the kernel's cpu_dr7 0."),
        ("dr6.0", "DR6 bit 0 B0 is 1."),
        ("dr7", "dr7 is 0xd0602, the kernel's cpu_dr7 0xd0202."),
        ("rax", "rax is 0x7."),
        ("cpu0.slot0", "slot DR0 of CPU 0 holds counter, 0x402000;"),
    ],
)
def test_what_the_part_held_is_copied(
    alice_api: APIClient, review: Review, run: Run, on: str, said: str
) -> None:
    made = remark(alice_api, review, proof=moment(run, f"&on={on}")).json()

    assert said in made["evidence"]


@pytest.mark.parametrize("on", ["dr7.32", "cpu1.slot0", "nothing.1", "0x10:999"])
def test_a_part_that_there_is_not_is_refused(
    alice_api: APIClient, review: Review, run: Run, on: str
) -> None:
    answer = remark(alice_api, review, proof=moment(run, f"&on={on}"))

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_anchor")
    assert not ReviewRemark.objects.exists()


@pytest.fixture
def proven(alice_api: APIClient, review: Review, run: Run) -> Review:
    remark(alice_api, review, proof=moment(run, "&on=dr7.1"), body="Look at G0.")
    return review


def test_the_patch_shows_the_bit(alice_client: Client, proven: Review) -> None:
    html = page(alice_client, url(proven, "v1/1/"))

    assert "DR7 bit 1 G0</span>" in html
    assert '<span class="bit is-pinned" data-slot="0"><span class="bit-n">1</span>' in (
        html
    )


def test_the_patch_leads_to_the_bit(
    alice_client: Client, proven: Review, run: Run
) -> None:
    html = page(alice_client, url(proven, "v1/1/"))

    assert f'href="/sessions/{run.session_id}/?run=1&amp;hit=7&amp;on=dr7.1"' in html


def test_the_mail_leads_to_the_bit(
    alice_client: Client, proven: Review, run: Run
) -> None:
    mail = alice_client.get(url(proven, "v1/1/reply.eml")).content.decode()

    assert f"/sessions/{run.session_id}/?run=1&hit=7&on=dr7.1\n" in mail


def test_the_moment_marks_the_bit(
    alice_client: Client, proven: Review, run: Run
) -> None:
    html = page(alice_client, moment(run))

    assert "<b>DR7 bit 1 G0</b>, in <a" in html
    assert "bit 1, global enable of slot 0: hardware 1, shadow 1, remarked on" in html


def test_words_and_part_stay_when_the_run_is_gone(
    alice_client: Client, proven: Review, run: Run
) -> None:
    run.delete()

    html = page(alice_client, url(proven, "v1/1/"))

    assert "DR7 bit 1 G0 is 1" in html
    assert "its run is gone" in html
    assert 'class="mini"' not in html


# Other words.


@pytest.fixture
def published(alice: User, review: Review) -> ReviewRemark:
    message = review.messages.get(message_id="v1@example.org")
    made = remark_create(author=alice, place=Place(message, 3, 3), body="two")
    remarks_publish(review=review, author=alice)
    made.refresh_from_db()
    return made


def test_what_was_published_keeps_its_earlier_words(
    alice_client: Client, published: ReviewRemark
) -> None:
    address = url(published.review, f"remarks/{published.pk}/")
    alice_client.post(address, {"do": "edit", "body": "three"})

    html = page(alice_client, url(published.review, "v1/1/"))
    assert "edited 1 time<" in html
    assert "<del>two</del><ins>three</ins>" in html


def test_a_draft_has_no_earlier_words(alice: User, review: Review) -> None:
    message = review.messages.get(message_id="v1@example.org")
    made = remark_create(author=alice, place=Place(message), body="two")

    remark_edit(remark=made, body="three")

    assert not made.earlier.exists()


def test_earlier_words_are_told_over_rest(
    alice_api: APIClient, published: ReviewRemark
) -> None:
    remark_edit(remark=published, body="three")

    (told,) = alice_api.get(f"/api/v1{url(published.review, 'remarks/')}").json()

    assert [text["body"] for text in told["earlier"]] == ["two"]


def test_an_answer_stands_below_its_remark(
    alice_client: Client, published: ReviewRemark
) -> None:
    sent = {"message": published.message_id, "answers": published.pk, "body": "Yes."}
    alice_client.post(url(published.review, "remarks/"), sent)

    answer = ReviewRemark.objects.get(body="Yes.")
    assert (answer.answers, answer.at) == (published, 3)


def test_an_answer_on_another_message_is_refused(
    alice_api: APIClient, published: ReviewRemark
) -> None:
    answer = remark(
        alice_api,
        published.review,
        message_id="v2@example.org",
        answers=str(published.pk),
    )

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "answers")


def test_with_answers_its_place_stays(
    alice_client: Client, alice: User, published: ReviewRemark
) -> None:
    remark_create(
        author=alice, place=Place(published.message), body="Yes.", answers=published
    )
    address = url(published.review, f"remarks/{published.pk}/")

    alice_client.post(address, {"do": "remove"})

    html = page(alice_client, url(published.review, "v1/1/"))
    assert "removed by its author" in html
    assert "Yes." in html
