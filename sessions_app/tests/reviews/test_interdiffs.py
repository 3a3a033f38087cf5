"""One patch between two versions: page and REST."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.models import Review
from sessions_app.services.reviews import review_import
from sessions_app.tests.mail.letters import letter, mbox
from sessions_app.tests.reviews.story import FILE


def url(review: Review, tail: str = "") -> str:
    return f"/reviews/{review.pk}/{tail}"


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:300]
    return answer.content.decode()


def told(client: APIClient, review: Review, tail: str) -> dict:
    answer = client.get(f"/api/v1/reviews/{review.pk}/versions/{tail}/")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_it_says_what_the_files_have_of_the_other_version(
    alice_api: APIClient, review: Review
) -> None:
    found = told(alice_api, review, "1/3/1")

    # Of the story: v3 writes cpu_dr7 and says why, v1 writes dr7.
    changed = [x for x in found["text"].splitlines() if re.match(r"[+-]\t", x)]
    assert changed == [
        "-\tset_debugreg(dr7, 7);",
        "+\t/* kgdb may have armed its own */",
        "+\tset_debugreg(__this_cpu_read(cpu_dr7), 7);",
    ]


def test_it_says_on_what_it_rests(alice_api: APIClient, review: Review) -> None:
    (file,) = told(alice_api, review, "1/3/1")["files"]

    assert (file["name"], file["basis"]) == (FILE, "same")
    assert file["in_words"] == "both versions applied to the same lines"


def test_backwards_it_is_the_other_way_round(
    alice_api: APIClient, review: Review
) -> None:
    assert "\n+\tset_debugreg(dr7, 7);\n" in told(alice_api, review, "3/1/1")["text"]


def test_a_version_beside_itself_has_no_difference(
    alice_api: APIClient, review: Review
) -> None:
    assert told(alice_api, review, "2/2/1")["files"] == []


def test_a_patch_without_partner_has_no_left(alice_api: APIClient, alice: User) -> None:
    def patch(subject: str, name: str, file: str, **more: str) -> bytes:
        words = "".join(f"+{name} {n}\n" for n in range(30))
        body = f"W\n---\n--- a/{file}\n+++ b/{file}\n@@ -0,0 +1,30 @@\n{words}"
        return letter(subject, body, Message_ID=f"<{name}@x>", **more)

    posted = mbox(
        patch("[PATCH 1/1] one", "a", "one"),
        patch("[PATCH v2 1/2] one", "b", "one"),
        patch("[PATCH v2 2/2] two", "c", "two", In_Reply_To="<b@x>"),
    )
    (found,) = review_import(owner=alice, data=posted)

    told_ = told(alice_api, found.review, "1/2/2")
    assert (told_["left"], told_["right"]) == (None, 2)


@pytest.mark.parametrize("tail", ["1/9/1", "9/1/1", "1/2/9"])
def test_what_is_not_there_is_not_found(
    alice_api: APIClient, alice_client: Client, review: Review, tail: str
) -> None:
    left, right, number = tail.split("/")
    address = f"/api/v1/reviews/{review.pk}/versions/{tail}/"

    assert alice_api.get(address).status_code == 404
    assert alice_client.get(url(review, f"v{left}/v{right}/{number}/")).status_code == (
        404
    )


def test_the_page_shows_the_lines(alice_client: Client, review: Review) -> None:
    html = page(alice_client, url(review, "v1/v3/1/"))

    assert "Both versions applied to the same lines" in html
    assert len(re.findall(r'class="dl add', html)) == 2
    assert len(re.findall(r'class="dl del', html)) == 1


def test_side_by_side_too(alice_client: Client, review: Review) -> None:
    assert "dl-2" in page(alice_client, url(review, "v1/v3/1/?view=split"))


def test_the_range_leads_to_it(alice_client: Client, review: Review) -> None:
    html = page(alice_client, url(review, "v1/v3/"))

    assert f'href="{url(review, "v1/v3/1/")}"' in html


def test_nobody_remarks_there(alice_client: Client, review: Review) -> None:
    assert "data-line" not in page(alice_client, url(review, "v1/v3/1/"))
