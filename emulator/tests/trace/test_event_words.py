"""One event as a line, for kinds that stand outside the tree of a hit."""

from __future__ import annotations

import pytest

from emulator.events import (
    Callee,
    ConditionResult,
    EventFlag,
    EventKind,
    Limit,
    Outcome,
)
from emulator.tests.trace.test_tree import record
from emulator.trace.event_words import event_in_words, says_fault
from emulator.trace.node import Node


def line(kind: EventKind, **fields: int) -> Node:
    return event_in_words(record(1, kind, **fields))


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        pytest.param(
            EventKind.SYSCALL,
            {"value": 60, "addr": 7},
            "system call: number 60, first argument 0x7",
            id="system-call",
        ),
        pytest.param(
            EventKind.SYSCALL,
            {"value": 999, "flags": EventFlag.SYSCALL_UNKNOWN},
            "system call: number 999, first argument 0x0, not modelled",
            id="unknown-system-call",
        ),
        pytest.param(
            EventKind.OUTPUT,
            {"value": 5, "aux": 2},
            "output: 5 bytes to stderr",
            id="output",
        ),
        pytest.param(
            EventKind.TASK_START,
            {"task": 100, "rip": 0x401000},
            "task start: task 100, at 0x401000",
            id="task-start",
        ),
        pytest.param(
            EventKind.TASK_EXIT,
            {"task": 100, "value": 0x100},
            "task exit: task 100, wait status 0x100",
            id="task-exit",
        ),
        pytest.param(
            EventKind.CONTEXT_SWITCH,
            {"task": 101, "value": 100},
            "context switch: from task 100 to task 101",
            id="context-switch",
        ),
        pytest.param(
            EventKind.LIMIT,
            {"aux": Limit.events, "value": 50},
            "limit reached: events, 50",
            id="limit",
        ),
        pytest.param(
            EventKind.CONDITION,
            {"slot": 2, "value": 7, "ret": 1, "aux": ConditionResult.wanted},
            "condition: of breakpoint 2, its hit 7: holds",
            id="wanted",
        ),
        pytest.param(
            EventKind.CONDITION,
            {"slot": 0, "value": 1, "aux": ConditionResult.unwanted},
            "condition: of breakpoint 0, its hit 1: does not hold",
            id="unwanted",
        ),
        pytest.param(
            EventKind.CONDITION,
            {"slot": 0, "value": 1, "ret": -14, "aux": ConditionResult.unwanted},
            "condition: of breakpoint 0, its hit 1: has no value",
            id="without-a-value",
        ),
        pytest.param(
            EventKind.CONDITION,
            {"slot": 0, "value": 1, "ret": 1, "aux": ConditionResult.ignored},
            "condition: of breakpoint 0, its hit 1: holds, still ignored",
            id="ignored",
        ),
        pytest.param(
            EventKind.CONDITION,
            {"slot": 0, "value": 3, "ret": 1, "aux": ConditionResult.last},
            "condition: of breakpoint 0, its hit 3: holds, the last hit that is wanted",
            id="last",
        ),
        pytest.param(
            EventKind.DEBUGGER_STOP,
            {"addr": 0x1000, "aux": 5},
            "debugger: unwanted stop at 0x1000, SIGTRAP",
            id="silent-stop",
        ),
        pytest.param(
            EventKind.RUN_END,
            {"aux": Outcome.limit_reached},
            "run ended: limit reached",
            id="run-end",
        ),
    ],
)
def test_an_event_in_words(kind: EventKind, fields: dict[str, int], words: str) -> None:
    node = line(kind, **fields)

    assert f"{node.name}: {node.text}" == words


def test_a_condition_without_a_value_has_an_errno() -> None:
    returned = line(EventKind.CONDITION, ret=-33).returned

    assert returned is not None and (returned.text, returned.style) == (
        "-EDOM",
        "errno",
    )


def test_a_system_call_returns_its_errno() -> None:
    returned = line(EventKind.SYSCALL, value=1, ret=-38).returned

    assert returned is not None and (returned.text, returned.style) == (
        "-ENOSYS",
        "errno",
    )


@pytest.mark.parametrize(("vector", "name"), [(2, "NMI"), (0xFD, "interrupt 0xfd")])
def test_an_interrupt_has_its_name(vector: int, name: str) -> None:
    assert line(EventKind.INTERRUPT, value=vector).name == name


@pytest.mark.parametrize(
    ("kind", "aux", "fault"),
    [
        (EventKind.INVARIANT, 1, True),
        (EventKind.LIVELOCK, 0, True),
        (EventKind.CALL, Callee.do_debug, False),
        (EventKind.HIT, 1, False),
    ],
)
def test_which_events_say_that_something_is_wrong(
    kind: EventKind, aux: int, fault: bool
) -> None:
    assert says_fault(kind, aux) == fault
