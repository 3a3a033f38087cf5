"""What goes by age and size, what outlives that, and what the command says."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from hwbpweb.redis import redis_client
from sessions_app.chunkstore import chunk_store
from sessions_app.models import (
    DebugSession,
    EventChunk,
    Image,
    MailMessage,
    NotebookEntry,
    ReviewRemark,
    Run,
    ShareLink,
    StoredBlock,
    StoredRecipe,
    Webhook,
)
from sessions_app.services import retention
from sessions_app.services.deletion import session_delete
from sessions_app.services.quotas import image_charge, usage_of
from sessions_app.services.reaper import look
from sessions_app.services.retention import Policy, Removal, leftovers, prune
from sessions_app.services.reviews import Place, remark_create, review_import
from sessions_app.services.sharing import Terms, share_link_create
from sessions_app.tests.factories import (
    create_annotation,
    create_image,
    create_recipe,
    create_run,
    create_session,
    store_hits,
)
from sessions_app.tests.reviews.story import THREAD

NOW = timezone.now()
YEAR = Policy(days=365)


def recorded(alice: User, days_ago: float, hits: int = 20) -> Run:
    """A run with a trace, in a session of its own, that ended so long ago."""
    run = create_run(create_session(alice))
    store_hits(run, hits)
    run.finished_at = NOW - timedelta(days=days_ago)
    run.save()
    return run


def done(policy: Policy, now: datetime = NOW) -> list[Removal]:
    return [r for r in prune(policy, now) if isinstance(r, Removal)]


def has_trace(run: Run) -> bool:
    return EventChunk.objects.filter(run=run).exists()


def size_of(run: Run) -> int:
    return sum(EventChunk.objects.filter(run=run).values_list("size", flat=True))


def test_nothing_goes_without_a_limit(alice: User) -> None:
    run = recorded(alice, 10_000)

    assert done(Policy()) == []
    assert has_trace(run)


def test_an_old_trace_goes_and_the_run_stays(alice: User) -> None:
    old, new = recorded(alice, 400), recorded(alice, 300)

    (removal,) = done(YEAR)

    assert (removal.kind, removal.pk) == ("trace", old.pk)
    assert not has_trace(old)
    assert has_trace(new)
    old.refresh_from_db()
    assert (old.pruned_at is not None, old.hits) == (True, 20)


def test_the_blocks_go_with_it(alice: User) -> None:
    recorded(alice, 400)
    done(YEAR)

    assert not StoredBlock.objects.exists()


def test_what_went_is_not_looked_at_again(alice: User) -> None:
    recorded(alice, 400)
    done(YEAR)

    assert done(YEAR) == []


def annotated(run: Run) -> None:
    create_annotation(run.session, run=run, seq=1)


def kept(run: Run) -> None:
    NotebookEntry.objects.create(
        session=run.session, run=run, seq=1, title="Hit 1", position=1
    )


def shared(run: Run) -> None:
    share_link_create(of=run.session, by=run.session.owner, run=run)


def session_shared(run: Run) -> None:
    share_link_create(of=run.session, by=run.session.owner)


def unlisted(run: Run) -> None:
    DebugSession.objects.filter(pk=run.session_id).update(visibility="unlisted")


def public(run: Run) -> None:
    DebugSession.objects.filter(pk=run.session_id).update(visibility="public")


def evidence(run: Run) -> None:
    (found,) = review_import(owner=run.session.owner, data=THREAD)
    message = MailMessage.objects.filter(review=found.review).first()
    assert message is not None
    remark = remark_create(
        author=run.session.owner, place=Place(message), body="Look at bit 3."
    )
    ReviewRemark.objects.filter(pk=remark.pk).update(run=run, seq=1)


@pytest.mark.parametrize(
    "protect",
    [annotated, kept, shared, session_shared, evidence, unlisted, public],
)
@pytest.mark.parametrize("policy", [YEAR, Policy(bytes=1)])
def test_what_people_point_at_outlives_retention(
    protect: Any, policy: Policy, alice: User
) -> None:
    run = recorded(alice, 400)
    protect(run)

    assert done(policy) == []
    assert has_trace(run)


@pytest.mark.parametrize(
    ("protect", "why"),
    [
        (annotated, "has a remark"),
        (evidence, "is evidence in a review"),
        (kept, "has a moment in the notebook"),
        (shared, "is shared by a link"),
        (public, "can be read by whoever has its address"),
    ],
)
def test_the_page_says_why_it_is_kept(
    protect: Any, why: str, alice: User, alice_client: Client
) -> None:
    run = recorded(alice, 400)
    protect(run)

    assert retention.protection(run) == [why]
    page = alice_client.get(f"/sessions/{run.session_id}/").content.decode()
    assert f"for ever: it {why}" in page


def test_a_link_that_expired_protects_nothing(alice: User) -> None:
    run = recorded(alice, 400)
    session_shared(run)
    ShareLink.objects.update(expires_at=NOW - timedelta(days=1))

    assert len(done(YEAR)) == 1


def test_a_link_to_another_run_protects_nothing(alice: User) -> None:
    run = recorded(alice, 400)
    other = create_run(run.session)
    share_link_create(of=run.session, by=alice, run=other)

    assert [r.pk for r in done(YEAR)] == [run.pk]


def test_a_remark_made_after_the_plan_is_respected(alice: User) -> None:
    first, second = recorded(alice, 400), recorded(alice, 399)
    steps = prune(YEAR, NOW)
    next(steps)
    annotated(second)
    list(steps)

    assert (has_trace(first), has_trace(second)) == (False, True)


def test_a_run_that_goes_on_keeps_its_trace(alice: User) -> None:
    run = recorded(alice, 400)
    Run.objects.update(state="running")

    assert done(Policy(days=1, bytes=1)) == []
    assert has_trace(run)


def test_the_oldest_go_until_the_rest_has_room(alice: User) -> None:
    runs = [recorded(alice, days) for days in (30, 20, 10)]
    room = size_of(runs[1]) + size_of(runs[2])

    assert [r.pk for r in done(Policy(bytes=room))] == [runs[0].pk]
    assert [has_trace(r) for r in runs] == [False, True, True]


def test_age_goes_before_size(alice: User) -> None:
    runs = [recorded(alice, days) for days in (400, 20, 10)]
    room = size_of(runs[1]) + size_of(runs[2])

    assert [r.pk for r in done(Policy(days=365, bytes=room))] == [runs[0].pk]


def test_a_pruned_run_is_a_page_that_says_so(alice: User, alice_client: Client) -> None:
    run = recorded(alice, 400)
    done(YEAR)

    answer = alice_client.get(f"/sessions/{run.session_id}/")
    assert answer.status_code == 200
    assert "were removed on" in answer.content.decode()


def test_a_pruned_run_can_still_be_asked_everything(
    alice: User, alice_api: APIClient, alice_client: Client
) -> None:
    """Nothing is there, and nothing breaks."""
    run, other = recorded(alice, 400), recorded(alice, 1)
    done(YEAR)

    base = f"/api/v1/runs/{run.pk}"
    assert alice_api.get(f"{base}/").json()["pruned_at"]
    assert alice_api.get(f"{base}/hits/").json() == {"next": None, "results": []}
    assert alice_api.get(f"{base}/hits/1/").status_code == 404
    table = b"".join(alice_api.get(f"{base}/export/?format=csv"))
    assert len(table.splitlines()) == 1
    answer = alice_api.get(f"/api/v1/compare/?left={run.pk}&right={other.pk}")
    assert answer.json()["code"] == "nothing_recorded"
    page = alice_client.get(f"/sessions/{run.session_id}/?hit=5&q=slot:0")
    assert page.status_code == 200


def test_a_deleted_session_goes_after_the_days_of_grace(alice: User) -> None:
    run = recorded(alice, 1)
    session_delete(session=run.session)

    assert done(Policy(undo_days=7), NOW + timedelta(days=6)) == []
    (removal,) = done(Policy(undo_days=7), NOW + timedelta(days=8))

    assert removal.kind == "session"
    assert removal.size > 0
    assert not DebugSession.everything.exists()
    assert not StoredBlock.objects.exists()


def test_a_deleted_run_goes_alone(alice: User) -> None:
    run = recorded(alice, 1)
    Run.objects.update(deleted_at=NOW - timedelta(days=8))

    (removal,) = done(Policy(undo_days=7))
    assert removal.kind == "run"
    assert DebugSession.objects.filter(pk=run.session_id).exists()


def test_one_that_fails_leaves_what_was_done_and_itself_whole(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = recorded(alice, 400), recorded(alice, 399)
    steps = prune(YEAR, NOW)
    next(steps)

    def fail(keys: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("sessions_app.services.chunks.discard", fail)
    with pytest.raises(OSError, match="disk full"):
        list(steps)

    assert (has_trace(first), has_trace(second)) == (False, True)
    second.refresh_from_db()
    assert second.pruned_at is None


# --- What nothing refers to


def left(*, remove: bool = False) -> dict[str, int]:
    later = NOW + timedelta(days=2)
    return {each.kind: each.count for each in leftovers(later, remove=remove)}


@pytest.mark.usefixtures("run", "redis_server")
def test_a_tidy_installation_has_nothing_left_over() -> None:
    assert left() == {}


@pytest.mark.usefixtures("redis_server")
def test_blocks_that_no_chunk_names_go(run: Run) -> None:
    chunk_store().put({f"{run.pk}/1/999-5.hot": b"lost", "xx/1/1-1.hot": b"lost"})

    assert left(remove=True) == {"blocks": 2}
    assert left() == {}
    assert StoredBlock.objects.exists()


@pytest.mark.usefixtures("redis_server")
def test_a_block_that_was_just_put_stays(run: Run) -> None:
    chunk_store().put({f"{run.pk}/1/999-5.hot": b"soon named"})

    assert list(leftovers(NOW, remove=True)) == []


@pytest.mark.usefixtures("redis_server")
def test_chunks_of_a_lost_lease_go(run: Run) -> None:
    Run.objects.update(epoch=2)

    assert left(remove=True) == {"chunks": 3}
    assert not StoredBlock.objects.exists()


@pytest.mark.usefixtures("redis_server")
def test_images_that_no_recipe_names_go(run: Run) -> None:
    create_image(data=b"nobody's")

    assert left(remove=True) == {"images": 1}
    assert Image.objects.count() == 1


@pytest.mark.usefixtures("redis_server")
def test_an_image_of_a_recipe_stays(alice: User) -> None:
    create_recipe()

    assert left(remove=True) == {}


@pytest.mark.usefixtures("run", "redis_server")
def test_recipes_that_no_run_has_used_for_a_week_go() -> None:
    create_recipe()
    later = NOW + timedelta(days=8)

    found = {each.kind: each.count for each in leftovers(later, remove=True)}

    assert found == {"recipes": 1}
    assert StoredRecipe.objects.count() == 1  # of the run


@pytest.mark.usefixtures("redis_server")
def test_a_recipe_of_a_deleted_run_stays(run: Run) -> None:
    Run.everything.update(deleted_at=NOW)

    found = list(leftovers(NOW + timedelta(days=8), remove=True))

    assert found == []


@pytest.mark.usefixtures("redis_server")
def test_a_program_that_goes_is_charged_to_nobody(alice: User) -> None:
    image_charge(alice, create_image(data=b"nobody's"))

    left(remove=True)

    assert usage_of(alice).images == 0


@pytest.mark.usefixtures("redis_server")
def test_dead_links_go(run: Run, alice: User) -> None:
    for days in (10, 40):
        share_link_create(
            of=run.session,
            by=alice,
            terms=Terms(expires_at=NOW + timedelta(days=2) - timedelta(days=days)),
        )

    assert left(remove=True) == {"links": 1}
    assert ShareLink.objects.count() == 1


def test_deliveries_that_are_over_go(alice: User) -> None:
    hook = Webhook.objects.create(owner=alice, url="https://example.org/", events=[])
    for days in (10, 40, None):
        end = NOW - timedelta(days=days) if days else None
        hook.deliveries.create(event="webhook.test", body="{}", finished_at=end)

    assert left(remove=True) == {"deliveries": 1}
    assert hook.deliveries.count() == 2


def test_notifications_that_were_read_go(run: Run, alice: User) -> None:
    for days in (10, 200, None):
        said = create_annotation(run.session)
        read = NOW - timedelta(days=days) if days else None
        said.notifications.create(
            person=alice, why="remark", session=run.session, read_at=read
        )

    assert left(remove=True) == {"notifications": 1}
    assert alice.notifications.count() == 2


@pytest.mark.usefixtures("redis_server")
def test_streams_of_runs_that_are_not_there_go(run: Run) -> None:
    gone = "00000000-0000-4000-8000-000000000000"
    with redis_client() as client:
        client.set(f"run:{{{gone}}}:events", "x")
        client.set(f"run:{{{run.pk}}}:events", "x")

        assert left(remove=True) == {"streams": 1}
        assert client.exists(f"run:{{{run.pk}}}:events")
        client.delete(f"run:{{{run.pk}}}:events")


# --- The command


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("prune", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("redis_server")
def test_a_dry_run_says_what_and_why_and_does_nothing(alice: User) -> None:
    run = recorded(alice, 400)

    text = said("--dry-run", "--days", "365")

    assert text.startswith(f"would remove trace of run 1 of “{run.session.title}” (")
    assert "more than 365 days ago" in text
    assert has_trace(run)


@pytest.mark.usefixtures("redis_server")
def test_the_command_does_what_it_said(alice: User) -> None:
    run = recorded(alice, 400)

    assert said("--days", "365").startswith("removed trace of run 1")
    assert not has_trace(run)
    assert said("--days", "365") == "nothing to remove\n"


@pytest.mark.usefixtures("redis_server")
def test_the_settings_are_the_policy(alice: User, settings: Any) -> None:
    settings.KEEP_DAYS = 365
    run = recorded(alice, 400)
    said()

    assert not has_trace(run)


@pytest.mark.usefixtures("redis_server")
def test_the_reaper_prunes_and_not_at_every_look(alice: User, settings: Any) -> None:
    settings.KEEP_DAYS = 365
    first = recorded(alice, 400)
    with redis_client() as client:
        client.delete("reaper", "prune")
        look(client)
        assert not has_trace(first)

        second = recorded(alice, 400)
        client.delete("reaper")
        look(client)
        assert has_trace(second)
        client.delete("reaper", "prune")
