"""Versions and patches joined by hand: what moves, what stays, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from sessions_app.errors import VersionRefused
from sessions_app.models import (
    DebugSession,
    PatchPairing,
    Review,
    ReviewRemark,
    SeriesVersion,
    VersionJoin,
)
from sessions_app.services.reviews import (
    Place,
    remark_create,
    review_import,
    version_bind,
)
from sessions_app.services.sharing import share_link_create
from sessions_app.services.versions import (
    patches_pair,
    patches_unpair,
    version_join,
    version_unjoin,
)
from sessions_app.tests.mail.letters import letter, mbox
from sessions_app.tests.reviews.story import THREAD, mail, patch_body

OTHER = "x86/debug: Restore what kgdb armed"


def renamed() -> bytes:
    """A later posting under another title, with an answer: nothing joins it to the story."""
    return mbox(
        mail(
            "new", "Alice <alice@example.org>", f"[PATCH] {OTHER}", patch_body(3), 500
        ),
        mail(
            "re-new",
            "Bob <bob@example.org>",
            f"Re: [PATCH] {OTHER}",
            "Yes.",
            510,
            "new",
        ),
    )


@pytest.fixture
def other(alice: User) -> Review:
    (found,) = review_import(owner=alice, data=renamed())
    return found.review


def join(review: Review, other: Review, number: int = 4) -> VersionJoin:
    return version_join(
        version=other.versions.get(), into=review, number=number, by=review.owner
    )


def numbers(review: Review) -> list[int]:
    return [version.version for version in review.versions.all()]


def ids(review: Review) -> set[str]:
    found = review.messages.values_list("message_id", flat=True)
    return {each.partition("@")[0] for each in found}


def test_it_becomes_a_version_of_the_review(review: Review, other: Review) -> None:
    join(review, other)

    assert (numbers(review), numbers(other)) == ([1, 2, 3, 4], [])


def test_its_answers_come_with_it(review: Review, other: Review) -> None:
    join(review, other)

    assert {"new", "re-new"} <= ids(review)
    assert ids(other) == set()


def test_one_version_of_a_thread_moves_without_the_others(
    review: Review, other: Review
) -> None:
    version_join(
        version=review.versions.get(version=2), into=other, number=7, by=review.owner
    )

    assert (numbers(review), numbers(other)) == ([1, 3], [1, 7])
    assert ids(review) == {"v1", "bob-1", "alice-1", "v3", "dave-3"}
    assert ids(other) == {"new", "re-new", "v2", "carol-2"}


def test_remarks_come_with_their_lines(
    alice: User, review: Review, other: Review
) -> None:
    message = other.messages.get(message_id="new@example.org")
    remark = remark_create(author=alice, place=Place(message, 5, 6), body="Hm.")

    join(review, other)

    remark.refresh_from_db()
    assert (remark.review, remark.message, remark.at) == (review, message, 6)


def test_its_kernel_comes_with_it(alice: User, review: Review, other: Review) -> None:
    version_bind(version=other.versions.get(), variant="d2", by=alice)

    join(review, other)

    bound = review.versions.get(version=4)
    assert (bound.variant, bound.bound_by) == ("d2", "alice")


def test_kernels_of_the_others_stay(alice: User, review: Review, other: Review) -> None:
    version_bind(version=review.versions.get(version=1), variant="g-bare", by=alice)

    join(review, other)

    assert review.versions.get(version=1).variant == "g-bare"


def test_the_number_stays_when_more_mail_comes(
    alice: User, review: Review, other: Review
) -> None:
    join(review, other)
    answer = mail(
        "late", "Bob <bob@example.org>", f"Re: [PATCH] {OTHER}", "!", 600, "new"
    )

    (found,) = review_import(owner=alice, data=mbox(answer))

    assert (found.review, numbers(review)) == (review, [1, 2, 3, 4])


def test_the_same_mail_again_does_not_come_back_where_it_was(
    alice: User, review: Review, other: Review
) -> None:
    version_join(version=review.versions.get(version=2), into=other, number=7, by=alice)

    found = review_import(owner=alice, data=THREAD)

    assert sum(each.new for each in found) == 0
    assert (numbers(review), numbers(other)) == ([1, 3], [1, 7])


def test_an_answer_to_what_was_moved_goes_there(
    alice: User, review: Review, other: Review
) -> None:
    version_join(version=review.versions.get(version=2), into=other, number=7, by=alice)
    late = mail("late", "Bob <bob@example.org>", "Re: x", "!", 600, "v2")

    review_import(owner=alice, data=THREAD + mbox(late))

    assert "late" in ids(other)
    assert "late" not in ids(review)


def test_links_of_both_reviews_go_on(
    client: Client, alice: User, review: Review, other: Review
) -> None:
    links = [share_link_create(of=each, by=alice)[1] for each in (review, other)]
    join(review, other)

    for secret in links:
        client.post(f"/s/{secret}/", {"name": "Bob"})

    assert client.get(f"/reviews/{review.pk}/").status_code == 200
    html = client.get(f"/reviews/{other.pk}/").content.decode()
    assert "It was joined to another review." in html
    assert review.title not in html


# Undone.


def test_undone_it_is_as_before(alice: User, review: Review, other: Review) -> None:
    version_bind(version=other.versions.get(), variant="d2", by=alice)
    before = ids(review), ids(other), other.title

    version_unjoin(join=join(review, other))

    other.refresh_from_db()
    assert (ids(review), ids(other), other.title) == before
    assert (numbers(review), numbers(other)) == ([1, 2, 3], [1])
    assert other.versions.get().variant == "d2"


def test_later_answers_go_back_with_it(
    alice: User, review: Review, other: Review
) -> None:
    made = join(review, other)
    answer = mail(
        "late", "Bob <bob@example.org>", f"Re: [PATCH] {OTHER}", "!", 600, "new"
    )
    review_import(owner=alice, data=mbox(answer))

    version_unjoin(join=made)

    assert ids(other) == {"new", "re-new", "late"}


def test_where_its_review_is_gone_it_gets_one_of_its_own(
    review: Review, other: Review
) -> None:
    made = join(review, other)
    other.delete()
    made.refresh_from_db()

    back = version_unjoin(join=made)

    assert back not in (review, other)
    assert (back.title, back.owner, back.visibility) == (OTHER, review.owner, "private")


# Refused.


@pytest.mark.parametrize("number", [1, 3, 0, 10_000])
def test_a_number_that_it_cannot_have(
    review: Review, other: Review, number: int
) -> None:
    with pytest.raises(VersionRefused) as refused:
        join(review, other, number)

    assert refused.value.field == "number"
    assert "4 is free" in str(refused.value.allowed)
    assert numbers(other) == [1]


def test_a_message_that_is_there_already(alice: User, review: Review) -> None:
    """The same mail in two reviews, as of two imports that nothing joined."""
    twin = Review.objects.create(owner=alice, title="twin")
    for row in review.messages.filter(message_id__startswith="v1@"):
        row.pk, row.review = None, twin
        row.save()

    with pytest.raises(VersionRefused, match="messages already") as refused:
        version_join(
            version=review.versions.get(version=1), into=twin, number=1, by=alice
        )

    assert refused.value.value == "v1@example.org"


def test_the_review_where_it_is(review: Review) -> None:
    with pytest.raises(VersionRefused, match="already"):
        version_join(
            version=review.versions.get(version=1),
            into=review,
            number=9,
            by=review.owner,
        )


def test_what_was_joined_is_not_joined_on(
    alice: User, review: Review, other: Review
) -> None:
    join(review, other)
    (third,) = review_import(owner=alice, data=letter("[PATCH] a third"))

    with pytest.raises(VersionRefused, match="undo that first"):
        version_join(
            version=review.versions.get(version=4),
            into=third.review,
            number=2,
            by=alice,
        )


# Over REST and on the page.


def post(client: APIClient, into: Review, **sent: Any) -> Any:
    return client.post(f"/api/v1/reviews/{into.pk}/joins/", sent, format="json")


def test_joined_and_undone_over_rest(
    alice_api: APIClient, review: Review, other: Review
) -> None:
    made = post(alice_api, review, review=str(other.pk), version=1, number=4).json()
    address = f"/api/v1/reviews/{review.pk}/joins/"
    assert [each["version"] for each in alice_api.get(address).json()] == [4]

    back = alice_api.delete(f"{address}{made['id']}/").json()

    assert (back["id"], numbers(review)) == (str(other.pk), [1, 2, 3])


def test_somebody_elses_review_is_not_taken(
    charlie_api: APIClient, charlie: User, other: Review
) -> None:
    (mine,) = review_import(owner=charlie, data=letter("[PATCH] mine"))

    answer = post(charlie_api, mine.review, review=str(other.pk), version=1, number=2)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "version")
    assert numbers(other) == [1]


def test_joined_and_undone_on_the_page(
    alice_client: Client, review: Review, other: Review
) -> None:
    address = f"/reviews/{review.pk}/"
    posting = SeriesVersion.objects.get(review=other)
    html = alice_client.get(address).content.decode()
    assert f'<option value="{posting.pk}">v1 of {OTHER}</option>' in html

    alice_client.post(f"{address}joins/", {"posting": posting.pk, "number": 4})
    assert numbers(review) == [1, 2, 3, 4]

    made = VersionJoin.objects.get()
    alice_client.post(f"{address}joins/{made.pk}/undo/")
    assert numbers(review) == [1, 2, 3]


def test_the_page_says_why_not(
    alice_client: Client, review: Review, other: Review
) -> None:
    sent = {"posting": other.versions.get().pk, "number": 2}

    html = alice_client.post(
        f"/reviews/{review.pk}/joins/", sent, follow=True
    ).content.decode()

    assert "Not joined: the review has v2; allowed: 1 to 9999 but v1, v2, v3" in html


# Patches.


@pytest.fixture
def two(alice: User) -> Review:
    """Two versions of two patches that share nothing."""

    def patch(version: int, number: int) -> bytes:
        tag = "" if version == 1 else f" v{version}"
        name = f"v{version}-{number}"
        words = "".join(f"+{name} {n}\n" for n in range(20))
        body = f"W\n---\n--- a/{name}\n+++ b/{name}\n@@ -0,0 +1,20 @@\n{words}"
        parent = {} if number == 1 else {"In_Reply_To": f"<v{version}-1@x>"}
        title = "first" if number == 1 else name
        return letter(
            f"[PATCH{tag} {number}/2] {title}", body, Message_ID=f"<{name}@x>", **parent
        )

    posted = [patch(v, n) for v in (1, 2) for n in (1, 2)]
    (found,) = review_import(owner=alice, data=mbox(*posted))
    return found.review


def pairs(client: APIClient, review: Review, tail: str = "1/2") -> list[tuple]:
    told = client.get(f"/api/v1/reviews/{review.pk}/versions/{tail}/").json()
    return [(each["left"], each["mark"], each["right"]) for each in told]


def patch_at(review: Review, version: int, number: int) -> Any:
    return review.versions.get(version=version).patches.get(number=number)


def test_patches_are_paired_by_hand(alice_api: APIClient, two: Review) -> None:
    assert (2, "!", 2) not in pairs(alice_api, two)

    answer = alice_api.post(
        f"/api/v1/reviews/{two.pk}/versions/1/2/pairs/",
        {"left": 2, "right": 2},
        format="json",
    )

    assert answer.status_code == 204
    assert (2, "!", 2) in pairs(alice_api, two)


def test_a_pair_holds_the_other_way_round(
    alice_api: APIClient, alice: User, two: Review
) -> None:
    patches_pair(left=patch_at(two, 1, 2), right=patch_at(two, 2, 2), by=alice)

    assert (2, "!", 2) in pairs(alice_api, two, "2/1")


def test_a_patch_has_one_partner(alice: User, two: Review) -> None:
    patches_pair(left=patch_at(two, 1, 2), right=patch_at(two, 2, 2), by=alice)

    patches_pair(left=patch_at(two, 1, 2), right=patch_at(two, 2, 1), by=alice)

    (pair,) = PatchPairing.objects.all()
    assert pair.right == patch_at(two, 2, 1).message


def test_a_pair_is_forgotten(alice_api: APIClient, alice: User, two: Review) -> None:
    patches_pair(left=patch_at(two, 1, 2), right=patch_at(two, 2, 2), by=alice)

    assert patches_unpair(left=patch_at(two, 2, 2), right=patch_at(two, 1, 2)) == 1


def test_remarks_are_carried_over_a_pair(
    alice_client: Client, alice: User, two: Review
) -> None:
    patches_pair(left=patch_at(two, 1, 2), right=patch_at(two, 2, 2), by=alice)
    remark_create(author=alice, place=Place(patch_at(two, 1, 2).message), body="Old.")

    html = alice_client.get(f"/reviews/{two.pk}/v2/2/").content.decode()

    assert "Old." in html


def test_patches_of_one_version_are_no_pair(alice: User, two: Review) -> None:
    with pytest.raises(VersionRefused):
        patches_pair(left=patch_at(two, 1, 1), right=patch_at(two, 1, 2), by=alice)


def test_a_patch_that_is_not_there_is_named(alice_api: APIClient, two: Review) -> None:
    answer = alice_api.post(
        f"/api/v1/reviews/{two.pk}/versions/1/2/pairs/",
        {"left": 9, "right": 2},
        format="json",
    )

    (error,) = answer.json()["errors"]
    assert (error["field"], error["value"], error["allowed"]) == ("left", 9, "1, 2")


def test_a_review_that_is_deleted_takes_nothing_with_it(
    review: Review, other: Review, session: DebugSession
) -> None:
    join(review, other)

    other.delete()

    assert numbers(review) == [1, 2, 3, 4]
    assert not ReviewRemark.objects.exists()
