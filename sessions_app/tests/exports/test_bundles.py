"""A bundle of a really recorded run, and the session that another person makes of it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from emulator.tests.trace.bundle.made import members, packed
from hwbpweb.redis import redis_client
from sessions_app import dispatch
from sessions_app.errors import InvalidBundle
from sessions_app.models import (
    Annotation,
    DebugSession,
    EventChunk,
    Image,
    Run,
    RunCommand,
    RunMarks,
    StoredRecipe,
)
from sessions_app.parts import Part, part_of
from sessions_app.runner import program_job
from sessions_app.services.annotations import (
    Anchor,
    annotation_create,
    annotation_edit,
)
from sessions_app.services.bundles import bundle_import
from sessions_app.services.chunks import runs_tidy
from sessions_app.tests.factories import create_run
from sessions_app.tests.recorded import recorded_run

pytestmark = pytest.mark.usefixtures("redis_server")
TABLES = (DebugSession, Run, EventChunk, Annotation, RunCommand, StoredRecipe, Image)


@pytest.fixture(autouse=True)
def jobs_without_a_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limited child is real; only the queue before it is not needed here."""
    monkeypatch.setattr(dispatch, "quick_job", program_job)


@pytest.fixture
def recorded(alice: User) -> Run:
    run = recorded_run(alice)
    RunCommand.objects.create(
        run=run,
        epoch=run.epoch,
        number=1,
        cpu=0,
        retired=7,
        seq=3,
        do="data",
        data=b"+",
    )
    top = annotation_create(
        session=run.session,
        author=alice,
        name="alice",
        body="Look at bit 3.",
        anchor=Anchor(run, 1, Part("dr7", bit=3)),
    )
    answer = annotation_create(
        session=run.session,
        author=alice,
        name="alice",
        body="It is clear.",
        answers=top,
    )
    annotation_edit(annotation=answer, body="It is set.")
    return run


def bundle(api: APIClient, run: Run) -> bytes:
    answer = api.get(f"/api/v1/runs/{run.pk}/export/?format=bundle")
    assert answer.status_code == 200, answer.content
    return b"".join(answer)


def post(api: APIClient, data: bytes):
    upload = SimpleUploadedFile("run.hwbp", data)
    return api.post("/api/v1/bundles/", {"file": upload}, format="multipart")


def rows() -> dict[str, int]:
    return {table.__name__: table.objects.count() for table in TABLES}


@pytest.fixture
def imported(alice_api: APIClient, charlie: User, recorded: Run) -> Run:
    return bundle_import(owner=charlie, data=bundle(alice_api, recorded))


def test_the_digest_is_the_same(recorded: Run, imported: Run) -> None:
    assert imported.digest == recorded.digest != ""


def test_everything_that_was_recorded_is_there(recorded: Run, imported: Run) -> None:
    same = ("recipe_id", "outcome", "events", "hits", "retired", "violations", "state")

    assert [getattr(imported, n) for n in same] == [getattr(recorded, n) for n in same]


def test_the_chunks_are_the_same_bytes(recorded: Run, imported: Run) -> None:
    def stored(run: Run) -> list[dict[str, Any]]:
        found = list(run.chunks.order_by("first_seq").values())
        for row in found:
            del row["id"], row["run_id"], row["epoch"]
        return found

    assert stored(imported) == stored(recorded)


def test_the_reaper_makes_its_marks(imported: Run) -> None:
    assert runs_tidy(timezone.now()) == 1

    assert RunMarks.objects.filter(run=imported).exists()


def test_it_says_where_it_comes_from(recorded: Run, imported: Run) -> None:
    told = imported.imported

    assert told is not None
    assert (told["where"], told["who"], told["by"]) == (
        "testserver",
        "alice",
        "charlie",
    )
    assert told["run"] == str(recorded.pk)


def test_remarks_come_with_names_that_nobody_here_has(imported: Run) -> None:
    note = imported.session.annotations.get(answers=None)

    assert (note.author, note.author_name) == (None, "alice at testserver")
    assert (note.run, note.seq, note.register) == (imported, 1, "dr7")


def test_a_remark_keeps_the_part_that_it_is_pinned_to(imported: Run) -> None:
    note = imported.session.annotations.get(answers=None)

    assert part_of(note) == Part("dr7", bit=3)


def test_a_remark_keeps_its_answers(imported: Run) -> None:
    answer = imported.session.annotations.get(body="It is set.")

    assert answer.answers == imported.session.annotations.get(answers=None)


def test_a_remark_keeps_what_it_said_before(imported: Run) -> None:
    answer = imported.session.annotations.get(body="It is set.")

    assert [text.body for text in answer.earlier.all()] == ["It is clear."]


def test_the_command_log_comes_with_it(imported: Run) -> None:
    line = RunCommand.objects.get(run=imported)

    assert (line.number, line.do, bytes(line.data)) == (1, "data", b"+")


def test_hits_trees_and_comparison_work_there(
    recorded: Run, imported: Run, charlie_api: APIClient, alice_api: APIClient
) -> None:
    path = f"/api/v1/runs/{imported.pk}/hits/1/tree/"
    tree = charlie_api.get(path).json()

    assert (
        tree == alice_api.get(path.replace(str(imported.pk), str(recorded.pk))).json()
    )


def test_the_page_says_that_it_was_imported(
    imported: Run, charlie_client: Client
) -> None:
    page = charlie_client.get(f"/sessions/{imported.session_id}/").content.decode()

    assert "Imported" in page
    assert "testserver" in page
    assert "alice" in page


def test_it_can_be_imported_twice(
    alice_api: APIClient, charlie: User, recorded: Run
) -> None:
    data = bundle(alice_api, recorded)
    first, second = (bundle_import(owner=charlie, data=data) for _ in range(2))

    assert first.session_id != second.session_id


def test_an_imported_run_can_be_handed_on(
    imported: Run, charlie_api: APIClient, alice: User
) -> None:
    again = bundle_import(owner=alice, data=bundle(charlie_api, imported))

    assert again.digest == imported.digest


def test_over_rest(alice_api: APIClient, charlie_api: APIClient, recorded: Run) -> None:
    answer = post(charlie_api, bundle(alice_api, recorded))

    assert answer.status_code == 201, answer.content
    assert answer.json()["digest"] == recorded.digest
    assert answer.json()["imported"]["who"] == "alice"


def test_by_the_form(
    alice_api: APIClient, charlie_client: Client, recorded: Run
) -> None:
    upload = SimpleUploadedFile("run.hwbp", bundle(alice_api, recorded))
    answer = charlie_client.post("/sessions/import/", {"file": upload})

    run = Run.objects.get(imported__isnull=False)
    assert answer["Location"] == f"/sessions/{run.session_id}/"


def test_the_form_says_what_is_wrong(charlie_client: Client) -> None:
    upload = SimpleUploadedFile("run.hwbp", b"hello")
    answer = charlie_client.post("/sessions/import/", {"file": upload})

    assert answer.status_code == 422
    assert "no bundle" in answer.content.decode()


def test_a_stranger_cannot_import(recorded: Run, alice_api: APIClient) -> None:
    assert post(APIClient(), bundle(alice_api, recorded)).status_code in (401, 403)


def test_only_the_owner_takes_a_bundle(
    session: DebugSession, run: Run, bob_api: APIClient
) -> None:
    answer = bob_api.get(f"/api/v1/runs/{run.pk}/export/?format=bundle")

    assert answer.status_code == 403


def test_a_run_that_goes_on_has_no_bundle(
    session: DebugSession, alice_api: APIClient
) -> None:
    run = create_run(session, state="running", outcome="")
    answer = alice_api.get(f"/api/v1/runs/{run.pk}/export/?format=bundle")

    assert (answer.status_code, answer.json()["code"]) == (409, "run_not_over")


def test_a_bundle_takes_no_query(run: Run, alice_api: APIClient) -> None:
    answer = alice_api.get(f"/api/v1/runs/{run.pk}/export/?format=bundle&q=slot:0")

    assert answer.json()["errors"][0]["field"] == "q"


def _changed(data: bytes, name: str, content: bytes) -> bytes:
    """With another member, its hash not mended."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for member in old.infolist():
            new.writestr(
                member.filename,
                content if member.filename == name else old.read(member),
            )
    return out.getvalue()


@pytest.mark.parametrize("name", ["recipe.json", "annotations.json", "patch.txt"])
def test_of_a_refused_bundle_nothing_stays(
    name: str, alice_api: APIClient, charlie_api: APIClient, recorded: Run
) -> None:
    data = _changed(bundle(alice_api, recorded), name, b"[]")
    before = rows()

    answer = post(charlie_api, data)

    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_bundle"
    assert name in answer.json()["detail"]
    assert rows() == before


def test_of_a_recipe_that_breaks_rules_nothing_stays(charlie: User) -> None:
    """The child knows hashes, not recipes: this is found when all else is written."""
    before = rows()
    with pytest.raises(InvalidBundle, match="recipe.json"):
        bundle_import(owner=charlie, data=packed(members()))
    assert rows() == before


def test_a_bundle_that_is_too_long(charlie_api: APIClient, settings: Any) -> None:
    settings.MAX_BUNDLE = 1000
    answer = post(charlie_api, bytes(1001))

    assert answer.status_code == 413
    assert answer.json()["errors"][0]["allowed"] == "at most 1000 bytes"


def test_one_bundle_at_a_time(charlie_api: APIClient) -> None:
    with redis_client() as client:
        client.set("bundle:import", "1", ex=5)
        answer = post(charlie_api, b"x")
        client.delete("bundle:import")

    assert (answer.status_code, answer.json()["code"]) == (503, "import_busy")


def test_the_manifest_says_who_exported(alice_api: APIClient, recorded: Run) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle(alice_api, recorded))) as archive:
        told = json.loads(archive.read("manifest.json"))

    assert told["from"]["who"] == "alice"
    assert told["run"]["digest"] == recorded.digest
