"""What a worker holds of a run is let go, however that fails."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection

from hwbpweb.redis import redis_client
from sessions_app.debug_wire import Kind, Word, inbox_key, json_bytes
from sessions_app.models import Run, RunCommand
from sessions_app.services.execution import run_execute
from sessions_app.tests.debugger.programs import ENDLESS
from sessions_app.tests.debugger.worked import is_in, started
from sessions_app.tests.factories import create_user

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("redis_server"),
]


@pytest.fixture
def alice(transactional_db: None) -> User:
    return create_user("alice")


def spoiled(run: Run) -> None:
    """Somebody attaches, and the number of the first line of the log is taken."""
    assert is_in(run, "paused")
    RunCommand.objects.create(
        run=run, epoch=run.epoch, number=1, cpu=0, retired=0, seq=0, do="close"
    )
    connection.close()
    asked = Word(uuid4(), Kind.ASK, json_bytes({"do": "attach", "who": "alice"}))
    with redis_client() as client:
        client.rpush(inbox_key(run.pk), asked.pack())


def test_a_log_that_cannot_be_stored_leaves_no_lease_that_is_renewed(
    alice: User,
) -> None:
    run = started(alice, ENDLESS)
    spoiling = threading.Thread(target=spoiled, args=(Run.objects.get(pk=run.pk),))
    spoiling.start()

    with pytest.raises(IntegrityError):
        run_execute(run.pk)

    spoiling.join()

    names = [thread.name for thread in threading.enumerate()]
    assert f"lease-{run.pk}" not in names
