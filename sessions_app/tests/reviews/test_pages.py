"""Pages of a review without any script."""

from __future__ import annotations

import email
import email.policy
import re

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from sessions_app.models import MatrixCell, Review, ReviewRemark, Run
from sessions_app.runner import build_id
from sessions_app.services.reviews import (
    Place,
    remark_create,
    remarks_publish,
    review_import,
    review_set,
    version_bind,
)
from sessions_app.tests.mail.letters import letter
from sessions_app.tests.reviews.story import LINES, THREAD, TITLE, patch_body


def url(review: Review, tail: str = "") -> str:
    return f"/reviews/{review.pk}/{tail}"


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content[:300]
    return answer.content.decode()


def line_of(version: int, words: str) -> int:
    lines = patch_body(version).split("\n")
    return next(n for n, line in enumerate(lines, start=1) if words in line)


def between(html: str, start: str, end: str) -> str:
    return html[html.index(start) : html.index(end, html.index(start))]


def test_a_file_is_read(alice_client: Client) -> None:
    upload = SimpleUploadedFile("thread.mbox", THREAD)

    answer = alice_client.post("/reviews/", {"file": upload})

    assert answer["Location"] == url(Review.objects.get())


def test_pasted_mail_is_read(alice_client: Client) -> None:
    text = letter("[PATCH] pasted").decode().replace("\n", "\r\n")

    alice_client.post("/reviews/", {"text": text})

    assert Review.objects.get().title == "pasted"


def test_what_is_no_mail_is_said_in_place(alice_client: Client) -> None:
    answer = alice_client.post("/reviews/", {"text": " "})

    assert answer.status_code == 422
    assert "the file is empty; allowed: an mbox" in answer.content.decode()


def test_the_list_has_ones_own(
    alice_client: Client, charlie_client: Client, review: Review
) -> None:
    assert TITLE in page(alice_client, "/reviews/")
    assert TITLE not in page(charlie_client, "/reviews/")


def test_the_series_page_has_versions_trailers_and_thread(
    alice_client: Client, review: Review
) -> None:
    html = page(alice_client, url(review))

    for version in (1, 2, 3):
        assert f'href="?v={version}"' in html
    assert "Reviewed-by</b> Dave Perf" in html
    assert "Acked-by</b> Carol Kgdb" in html
    assert "kgdb restores its own on leave" in html


def test_a_mail_remark_stands_under_its_line(
    alice_client: Client, review: Review
) -> None:
    html = page(alice_client, url(review, "v1/1/"))

    at = line_of(1, "+\tset_debugreg")
    below = between(html, f'id="line-{at}"', f'id="line-{at + 1}"')
    assert "What kgdb armed meanwhile is lost." in below


def test_an_answer_stands_below_its_remark(
    alice_client: Client, review: Review
) -> None:
    html = page(alice_client, url(review, "v1/1/"))

    at = line_of(1, "+\tset_debugreg")
    below = between(html, f'id="line-{at}"', f'id="line-{at + 1}"')
    assert 'class="answer"' in below
    assert below.index("meanwhile is lost") < below.index("Is it? kgdb restores")


def test_a_remark_whose_line_survives_is_carried(
    alice_client: Client, review: Review
) -> None:
    html = page(alice_client, url(review, "v2/1/"))

    at = line_of(2, "+\tset_debugreg")
    below = between(html, f'id="line-{at}"', f'id="line-{at + 1}"')
    assert "on v1, carried" in below


def test_a_remark_whose_line_is_gone_is_outdated(
    alice_client: Client, alice: User, review: Review
) -> None:
    message = review.messages.get(message_id="v2@example.org")
    at = line_of(2, "+\tset_debugreg(dr7")
    remark_create(author=alice, place=Place(message, at, at), body="Not this one.")

    html = page(alice_client, url(review, "v3/1/"))

    assert "Not this one." in html[html.index("Outdated") :]


def test_the_diff_is_shown_with_numbers_and_signs(
    alice_client: Client, review: Review
) -> None:
    html = page(alice_client, url(review, "v3/1/"))

    rows = re.findall(r'<div class="dl add[^"]*" id="line-(\d+)"', html)
    assert len(rows) == len(LINES[3])
    assert "hw_breakpoint.c" in html


def test_side_by_side_has_the_same_words(alice_client: Client, review: Review) -> None:
    html = page(alice_client, url(review, "v1/1/?view=split"))

    assert "dl-2" in html
    assert "What kgdb armed meanwhile is lost." in html


def test_versions_are_compared_as_git_does(
    alice_client: Client, review: Review
) -> None:
    html = page(alice_client, url(review, "v1/v3/"))

    assert "1 ! 1" in html
    assert "cpu_dr7" in html


@pytest.mark.parametrize("tail", ["v1/v9/", "v9/1/", "v1/9/", "?v=9"])
def test_what_is_not_there_is_not_found(
    alice_client: Client, review: Review, tail: str
) -> None:
    assert alice_client.get(url(review, tail)).status_code == 404


# Remarks with evidence.


def remark(client: Client, review: Review, **fields: object) -> None:
    message = review.messages.get(message_id="v1@example.org")
    sent = {"message": message.pk, "at": line_of(1, "+\tset_debugreg"), "body": "Look."}
    client.post(url(review, "remarks/"), sent | fields)


def test_a_moment_is_evidence(alice_client: Client, review: Review, run: Run) -> None:
    proof = f"http://testserver/sessions/{run.session_id}/?run=1&hit=42"
    remark(alice_client, review, proof=proof, claim="supported", register="dr7")

    made = ReviewRemark.objects.get()
    assert (made.run, made.hit_no, made.claim, made.register) == (
        run,
        42,
        "supported",
        "dr7",
    )
    html = page(alice_client, url(review, "v1/1/"))
    assert f"/sessions/{run.session_id}/?run=1&amp;hit=42" in html
    assert "counter by again+0x7" in html


@pytest.mark.parametrize(
    "proof",
    [
        "nonsense",
        "http://testserver/sessions/00000000-0000-0000-0000-000000000000/?hit=1",
        "http://testserver/sessions/{session}/?run=1&hit=251",
        "http://testserver/sessions/{session}/?run=9&hit=1",
        "http://testserver/sessions/{session}/",
    ],
)
def test_what_is_no_moment_is_refused(
    alice_client: Client, review: Review, run: Run, proof: str
) -> None:
    remark(alice_client, review, proof=proof.format(session=run.session_id))

    assert ReviewRemark.objects.count() == 0


def test_somebody_elses_moment_proves_nothing(
    charlie_client: Client, charlie: User, run: Run
) -> None:
    (found,) = review_import(owner=charlie, data=THREAD)
    proof = f"http://testserver/sessions/{run.session_id}/?run=1&hit=42"

    remark(charlie_client, found.review, proof=proof)

    assert ReviewRemark.objects.count() == 0


def test_a_trace_that_is_gone_leaves_the_words(
    alice_client: Client, review: Review, run: Run
) -> None:
    proof = f"http://testserver/sessions/{run.session_id}/?run=1&hit=42"
    remark(alice_client, review, proof=proof)
    run.delete()

    html = page(alice_client, url(review, "v1/1/"))

    assert "its run is gone" in html
    assert "counter by again+0x7" in html


def test_the_moment_names_what_it_proves(
    alice_client: Client, bob_client: Client, review: Review, run: Run
) -> None:
    proof = f"http://testserver/sessions/{run.session_id}/?run=1&hit=42"
    remark(alice_client, review, proof=proof, body="It is lost.")

    address = f"/sessions/{run.session_id}/?run=1&hit=42"
    assert f'Evidence in <a href="{url(review, "v1/1/")}' in page(alice_client, address)
    assert "It is lost." not in page(bob_client, address)
    assert "It is lost." not in page(alice_client, address.replace("hit=42", "hit=43"))


def test_runs_that_prove_something_are_a_block_for_the_mail(
    alice_client: Client, review: Review, run: Run
) -> None:
    Run.objects.filter(pk=run.pk).update(digest="cd" * 32)
    proof = f"http://testserver/sessions/{run.session_id}/?run=1&hit=42"
    remark(alice_client, review, proof=proof, claim="supported")

    text = page(alice_client, url(review, "v1/tested-by.txt"))

    assert text.splitlines()[0] == "Tested-by: alice <alice@localhost.invalid>"
    assert f"    digest {'cd' * 32}" in text
    assert "run=1&hit=42" in text


def test_a_version_without_evidence_says_so(
    alice_client: Client, review: Review
) -> None:
    assert "No run" in page(alice_client, url(review, "v2/tested-by.txt"))


def test_the_answer_is_a_mail(alice_client: Client, review: Review, run: Run) -> None:
    proof = f"http://testserver/sessions/{run.session_id}/?run=1&hit=42"
    remark(alice_client, review, proof=proof, body="It is lost, see there.")

    answer = alice_client.get(url(review, "v1/1/reply.eml"))

    made = email.message_from_bytes(answer.content, policy=email.policy.default)
    text = made.get_content()
    assert made["In-Reply-To"] == "<v1@example.org>"
    assert "> +\tset_debugreg(dr7, 7);\n\nIt is lost, see there.\n" in text
    assert f"\nhttp://testserver/sessions/{run.session_id}/?run=1&hit=42\n" in text


# What the versions do.


def test_cells_that_moved_stand_beside_each_other(
    alice_client: Client, alice: User, review: Review
) -> None:
    for number, variant in ((1, "d2"), (3, "g-bare")):
        version = review.versions.get(version=number)
        version_bind(version=version, variant=variant, by=alice)
        for row, word in (("W1", f"stops:{number}"), ("W2", "ok")):
            MatrixCell.objects.create(
                emulator=build_id(),
                column=variant,
                row=row,
                word=word,
                recipe_id="0" * 64,
                digest="",
            )

    html = page(alice_client, url(review))

    moved = html[html.index("What the versions do") :]
    assert "stops:1" in moved and "stops:3" in moved
    assert '<span class="mono">W2</span>' not in moved
    assert "The text of a patch is not executed" in moved


def test_a_kernel_is_bound_by_name(alice_client: Client, review: Review) -> None:
    alice_client.post(url(review, "v1/bind/"), {"variant": "d2"})
    alice_client.post(url(review, "v2/bind/"), {"variant": "nonsense"})

    found = review.versions.order_by("version").values_list("variant", "bound_by")
    assert list(found)[:2] == [("d2", "alice"), ("", "")]


# Who may what.


@pytest.mark.parametrize("tail", ["", "v1/1/", "v1/v2/", "v1/1/reply.eml"])
def test_a_private_review_is_not_there_for_others(
    charlie_client: Client, client: Client, review: Review, tail: str
) -> None:
    assert charlie_client.get(url(review, tail)).status_code == 404
    assert client.get(url(review, tail)).status_code == 404


@pytest.mark.parametrize("tail", ["", "v1/1/", "v1/v2/"])
def test_an_unlisted_one_is_read_without_an_account(
    client: Client, review: Review, tail: str
) -> None:
    review_set(review=review, visibility="unlisted")

    answer = client.get(url(review, tail))

    assert (answer.status_code, answer["X-Robots-Tag"]) == (200, "noindex")
    assert 'method="post"' not in answer.content.decode().replace(
        'action="/accounts/', ""
    ).replace("logout", "")


def test_a_reader_with_an_account_may_remark(
    charlie_client: Client, charlie: User, alice_client: Client, review: Review
) -> None:
    review_set(review=review, visibility="public")
    remark(charlie_client, review, body="From charlie.")

    assert "From charlie." not in page(alice_client, url(review, "v1/1/"))
    remarks_publish(review=review, author=charlie)
    assert "From charlie." in page(alice_client, url(review, "v1/1/"))


@pytest.mark.parametrize("tail", ["change/", "delete/", "v1/bind/"])
def test_a_reader_changes_nothing(
    charlie_client: Client, review: Review, tail: str
) -> None:
    review_set(review=review, visibility="public")

    assert charlie_client.post(url(review, tail)).status_code == 403
    assert Review.objects.filter(pk=review.pk, visibility="public").exists()


def test_other_peoples_words_are_not_taken_back(
    alice: User, charlie_client: Client, review: Review
) -> None:
    review_set(review=review, visibility="public")
    message = review.messages.get(message_id="v1@example.org")
    made = remark_create(author=alice, place=Place(message), body="mine")
    remarks_publish(review=review, author=alice)

    answer = charlie_client.post(url(review, f"remarks/{made.pk}/"), {"do": "remove"})

    assert (answer.status_code, ReviewRemark.objects.count()) == (404, 1)


# Hostile text.

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def test_markup_in_mail_is_only_text(alice_client: Client) -> None:
    raw = letter(
        f"[PATCH] {EVIL}",
        f"{EVIL}\n{patch_body(1)}".replace("put_cpu", EVIL),
        From=f'"{EVIL}" <x@example.org>',
    )
    alice_client.post("/reviews/", {"file": SimpleUploadedFile("x", raw)})
    review = Review.objects.get()

    for tail in ("", "v1/1/", "v1/1/?view=split"):
        html = page(alice_client, url(review, tail))
        assert "<script>alert" not in html and "<img src=x" not in html


def test_markup_in_a_remark_is_only_text(alice_client: Client, review: Review) -> None:
    remark(
        alice_client,
        review,
        body=f'{EVIL}\n\n[x](javascript:alert(1)) https://x/"onmouseover=alert(1)\n\n```\n{EVIL}\n```',
    )

    html = page(alice_client, url(review, "v1/1/"))

    assert "<script>alert" not in html and "<img src=x" not in html
    assert 'href="javascript' not in html and '"onmouseover' not in html


def test_a_raw_message_is_never_a_page(alice_client: Client, review: Review) -> None:
    message = review.messages.get(message_id="v1@example.org")

    answer = alice_client.get(url(review, f"messages/{message.pk}/raw/"))

    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_diff_that_cannot_be_read_is_shown_raw(alice_client: Client) -> None:
    broken = patch_body(1).replace("@@ -530,6 +530,7 @@", "@@ -530,60 +530,70 @@")
    alice_client.post(
        "/reviews/", {"file": SimpleUploadedFile("x", letter("[PATCH] broken", broken))}
    )

    html = page(alice_client, url(Review.objects.get(), "v1/1/"))

    assert "The raw text" in html
    assert "set_debugreg(dr7, 7)" in html


def test_remarks_without_a_claim_leave_the_claims_empty(
    alice_client: Client, alice: User, review: Review
) -> None:
    message = review.messages.get(message_id="v1@example.org")
    remark_create(author=alice, place=Place(message), body="Why not?")
    remarks_publish(review=review, author=alice)

    claims = between(page(alice_client, url(review)), "<h2>Claims</h2>", "</section>")

    assert "None yet." in claims
