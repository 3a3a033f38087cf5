"""Plain functions that make rows for tests; each field can be overridden."""

from __future__ import annotations

import hashlib
import itertools
import json
from typing import Any

from django.contrib.auth.models import User

from emulator.events import Callee, EventFlag, EventKind
from emulator.snapshot import SNAPSHOT, WORDS, Moment
from emulator.trace.codec import encode_chunk
from emulator.trace.record import Record, pack_records
from sessions_app.models import (
    Annotation,
    DebugSession,
    EventChunk,
    Image,
    Run,
    StoredRecipe,
    SwitchSet,
)
from sessions_app.services.chunks import chunks_keep
from sessions_app.services.sharing import secret_hash

_COUNT = itertools.count(1)

# mov $10,%ecx; again: addl $1,counter(%rip); loop again; mov $60,%eax; xor; syscall
CODE = bytes.fromhex("b90a000000 8305f40f000001 e2f7 b83c000000 31ff 0f05")
START, AGAIN, COUNTER = 0x401000, 0x401005, 0x402000
AFTER_STORE = 0x40100C
SYMBOLS = {"_start": "0x401000", "again": "0x401005", "counter": "0x402000"}
EVENTS_PER_HIT = 6


def create_user(name: str = "") -> User:
    return User.objects.create_user(name or f"user{next(_COUNT)}", password="secret")


def create_session(owner: User, **overrides: Any) -> DebugSession:
    fields = {"title": f"Session {next(_COUNT)}"} | overrides
    return DebugSession.objects.create(owner=owner, **fields)


def create_image(**overrides: Any) -> Image:
    data = overrides.pop("data", CODE)
    fields = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "data": data,
        "size": len(data),
        "kind": "flat",
        "name": "counter",
        "load": f"{START:#x}",
        "symbols": SYMBOLS,
    } | overrides
    return Image.objects.get_or_create(sha256=fields["sha256"], defaults=fields)[0]


def recipe_body(image: Image, **overrides: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "machine": {"cpus": 1, "memory": 33554432},
        "images": [
            {
                "name": "program",
                "sha256": image.sha256,
                "format": "flat",
                "load": f"{START:#x}",
                "symbols": SYMBOLS,
            }
        ],
        "tasks": [{"name": "main", "comm": "counter", "image": "program"}],
        "variant": {"base": "g-bare", "set": {}},
        "schedule": {"seed": 1, "quantum": 1000},
        "breakpoints": [
            {
                "owner": "perf_user",
                "task": "main",
                "type": "write",
                "length": 4,
                "at": "counter",
            }
        ],
        "limits": {
            "instructions": 10_000_000,
            "events": 1_000_000,
            "memory": 67108864,
            "wall_ms": 60_000,
            "output": 1_048_576,
        },
    } | overrides


def create_recipe(**overrides: Any) -> StoredRecipe:
    """A stored recipe; its id is any hash, because nothing here runs it."""
    body = json.dumps(recipe_body(create_image(), **overrides))
    digest = hashlib.sha256(f"{body}{next(_COUNT)}".encode()).hexdigest()
    return StoredRecipe.objects.create(pk=digest, body=body)


def create_run(session: DebugSession, **overrides: Any) -> Run:
    fields: dict[str, Any] = {
        "number": session.runs.count() + 1,
        "state": "finished",
        "outcome": "completed",
        "epoch": 1,
    } | overrides
    if "recipe" not in fields:
        fields["recipe"] = create_recipe()
    return Run.objects.create(session=session, **fields)


def event(seq: int, kind: EventKind, cause: int = 0, **fields: int) -> Record:
    values = dict.fromkeys(Record._fields, 0) | {"slot": 0xFF, "rip": AFTER_STORE}
    values.update(seq=seq, kind=int(kind), cause=cause, **fields)
    return Record(**values)


def hit_events(number: int, cpu: int = 0) -> list[Record]:
    """The events of hit n: a 4-byte write that perf counts."""
    seq = (number - 1) * EVENTS_PER_HIT + 1
    where = {"cpu": cpu, "retired": 10 * number}
    user = EventFlag.WRITE | EventFlag.USER | EventFlag.SNAPSHOT
    return [
        event(
            seq,
            EventKind.HIT,
            addr=COUNTER,
            value=number,
            slot=0,
            aux=1,
            flags=user,
            **where,
        ),
        event(
            seq + 1,
            EventKind.CALL,
            seq,
            aux=Callee.notify_die,
            value=3,
            ret=0x8001,
            **where,
        ),
        event(
            seq + 2,
            EventKind.NOTIFIER_CALL,
            seq + 1,
            aux=Callee.hw_breakpoint_exceptions_notify,
            addr=0x7FFFFFFF,
            ret=0x8001,
            **where,
        ),
        event(
            seq + 3,
            EventKind.CALL,
            seq + 2,
            aux=Callee.perf_bp_event,
            flags=EventFlag.VOID,
            **where,
        ),
        event(
            seq + 4,
            EventKind.DR_WRITE,
            seq,
            **(where | {"slot": 6, "addr": 0xFFFF0FF1, "value": 0xFFFF0FF0}),
        ),
        event(
            seq + 5, EventKind.IRET, seq, value=0x246, flags=EventFlag.SNAPSHOT, **where
        ),
    ]


def snapshot(seq: int, number: int, moment: Moment, **words: int) -> bytes:
    values = dict.fromkeys(WORDS, 0) | {
        "rax": number,
        "rip": AFTER_STORE,
        "rflags": 0x246,
        "dr0": COUNTER,
        "cpu_debugreg0": COUNTER,
        "dr6": 0xFFFF0FF1,
        "dr7": 0x000D0602,
        "cpu_dr7": 0x000D0202,
    }
    values |= words
    return SNAPSHOT.pack(seq, 100, 0, moment, 0, *(values[w] for w in WORDS))


def store_hits(run: Run, count: int, cpus: int = 1, per_chunk: int = 100) -> None:
    """Hits 1..count of a run in chunks, and the run's counters to match."""
    for first in range(1, count + 1, per_chunk):
        numbers = range(first, min(first + per_chunk, count + 1))
        records = [r for n in numbers for r in hit_events(n, (n - 1) % cpus)]
        shots = b"".join(
            snapshot((n - 1) * EVENTS_PER_HIT + 1, n, Moment.hit_entry)
            + snapshot(n * EVENTS_PER_HIT, n, Moment.after_iret)
            for n in numbers
        )
        store_chunk(run, records, shots, first - 1)
    run.hits, run.events = count, count * EVENTS_PER_HIT
    run.save()


def store_chunk(
    run: Run,
    records: list[Record],
    shots: bytes = b"",
    hits_before: int = 0,
    texts: list[tuple[int, int, bytes]] | None = None,
) -> EventChunk:
    """One chunk with its statistics, as the worker stores it."""
    chunk = encode_chunk(pack_records(records), shots, texts or [], hits_before)
    chunks_keep(run.pk, run.epoch, [chunk])
    return EventChunk.objects.get(
        run=run, epoch=run.epoch, first_seq=chunk.stats.first_seq
    )


def store_silence(run: Run) -> int:
    """An event that no hit caused, behind the run's others: its number."""
    run.events += 1
    store_chunk(run, [event(run.events, EventKind.NOT_FIRED)], b"", run.hits)
    run.save()
    return run.events


def create_annotation(session: DebugSession, **overrides: Any) -> Annotation:
    fields = {
        "author": session.owner,
        "author_name": session.owner.get_username(),
        "body": "Look at bit 3.",
    } | overrides
    return Annotation.objects.create(session=session, **fields)


def secret_and_hash(secret: str = "") -> tuple[str, str]:
    secret = secret or f"secret-{next(_COUNT)}"
    return secret, secret_hash(secret)


def create_switch_set(owner: User, **overrides: Any) -> SwitchSet:
    fields = {
        "name": f"Set {next(_COUNT)}",
        "slug": f"set-{next(_COUNT)}",
        "base": "g-bare",
        "changes": {"rf_by": "none"},
    } | overrides
    return SwitchSet.objects.create(owner=owner, **fields)
