"""Two CPUs and one lock: nothing is lost; without the lock, the trace shows what is."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest

from emulator.events import Outcome
from emulator.programs.assemble import KERNEL_BASE, assemble
from emulator.recipe import Recipe, parse
from emulator.tests.runs.collect import Collected, run_recipe, run_scenario

ROUNDS = 500_000
CPUS = 2
SOURCE = f"""
        .globl  thread
thread: movl    ${ROUNDS}, %ebx
1:      movl    $1, %eax
        xchgl   %eax, lock(%rip)
        testl   %eax, %eax
        jz      3f
2:      pause
        cmpl    $0, lock(%rip)
        jne     2b
        jmp     1b
3:      movl    counter(%rip), %eax         # not atomic: the lock must hold
        incl    %eax
        movl    %eax, counter(%rip)
        movl    $0, lock(%rip)
        decl    %ebx
        jnz     1b
        lock decl left(%rip)
        jnz     4f
        movl    counter(%rip), %eax
        movq    %rax, total(%rip)           # watched: the last one tells
4:      hlt
        .globl  _start
_start: jmp     thread
        .data
        .balign 64
lock:   .long   0
        .balign 64
counter: .long  0
        .balign 64
left:   .long   {CPUS}
        .balign 64
        .globl  total
total:  .quad   0
"""


def recipe() -> tuple[Recipe, dict[str, bytes]]:
    if shutil.which("as") is None:
        pytest.skip("no assembler on this host")
    image = assemble(SOURCE, base=KERNEL_BASE)
    sha256 = hashlib.sha256(image).hexdigest()
    task = {"image": "program", "mode": "kernel", "entry": "thread"}
    value = {
        "format": 1,
        "machine": {"cpus": CPUS, "memory": 32 << 20},
        "images": [{"name": "program", "sha256": sha256, "format": "elf64"}],
        "tasks": [{**task, "name": f"cpu{i}", "cpu": i} for i in range(CPUS)],
        "breakpoints": [
            {"owner": "perf_wide", "type": "write", "length": 8, "at": "total"}
        ],
        "schedule": {"seed": 3, "quantum": 50},
        "limits": {
            "instructions": 10**9,
            "events": 10_000,
            "memory": 32 << 20,
            "wall_ms": 600_000,
            "output": 1024,
        },
    }
    return parse(json.dumps(value).encode()), {sha256: image}


@pytest.fixture(scope="module")
def locked() -> Collected:
    return run_recipe(*recipe())


def test_a_million_acquisitions_lose_no_update(locked: Collected) -> None:
    assert [hit["value"] for hit in locked.hits()] == [ROUNDS * CPUS]


def test_the_cpus_really_took_turns(locked: Collected) -> None:
    # Spinning costs instructions: alone, the loop takes eleven for each acquisition.
    assert locked.result.retired > ROUNDS * CPUS * 12


def test_the_interleaving_is_the_same_again(locked: Collected) -> None:
    assert run_recipe(*recipe()).result.digest == locked.result.digest


def test_both_threads_end(locked: Collected) -> None:
    assert locked.result.outcome is Outcome.completed


def test_without_a_lock_the_last_value_is_short() -> None:
    race = run_scenario("two-cpus-race")

    assert race.hits(slot=0)[-1]["value"] < 200


def test_with_a_lock_prefix_every_step_arrives() -> None:
    race = run_scenario("two-cpus-race")

    assert [hit["value"] for hit in race.hits(slot=1)] == list(range(1, 201))
