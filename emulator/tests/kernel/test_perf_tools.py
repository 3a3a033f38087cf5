"""tools/perf/tests: wp.c, bp_account.c, and the order that bp_signal.c relies on.

B1 to B4 are the rows of docs/conformance.md. INT3s tell the test when the program has
done what the tool's test does between two reads of the count.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulator.core.notifier import NOTIFY_DONE
from emulator.core.perf_event import BpType, PerfEvent
from emulator.errors import KernelError
from emulator.tests.kernel.guest import CODE, DATA, Guest

EINVAL, ENOSPC = 22, 28
EXIT = "b83c000000 31ff 0f05"  # mov eax,60; xor edi,edi; syscall
MOV_RBX_DATA = "bb" + DATA.to_bytes(4, "little").hex()
INT3 = "cc"
READ, WRITE = "488b03", "488903"  # mov rax,[rbx]; mov [rbx],rax
WRITE_BYTE_1 = "884301"  # mov [rbx+1],al


def counted(event: PerfEvent, guest: Guest) -> list[int]:
    """The event's count at each stop."""
    counts: list[int] = []
    guest.on_stop = lambda _stop: counts.append(event.count)
    guest.run()
    assert guest.exit_status == 0
    return counts


def program(*accesses: str) -> Guest:
    """One access between two INT3s each."""
    return Guest(MOV_RBX_DATA + INT3 + INT3.join(accesses) + INT3 + EXIT, traced=True)


def test_b1_wp_wo_counts_writes_only() -> None:
    guest = program(READ, WRITE)
    event = guest.perf(DATA, BpType.W, 8, exclude_kernel=True)

    assert counted(event, guest) == [0, 0, 1]


def test_b2_wp_rw_counts_both() -> None:
    guest = program(READ, WRITE)
    event = guest.perf(DATA, BpType.RW, 8, exclude_kernel=True)

    assert counted(event, guest) == [0, 1, 2]


def test_b3_wp_ro_is_unsupported() -> None:
    with pytest.raises(KernelError) as caught:
        program(READ).perf(DATA, BpType.R, 8, exclude_kernel=True)

    assert caught.value.errno == EINVAL


def test_b4_wp_modify() -> None:
    guest = program(WRITE, WRITE_BYTE_1)
    event = guest.perf(DATA, BpType.W, 8, exclude_kernel=True)
    counts: list[int] = []

    def at(stop: int) -> None:
        counts.append(event.count)
        if stop == 1:
            wanted = replace(event.attr, bp_addr=DATA, bp_len=2, disabled=True)
            guest.system.model.breakpoints.modify_user_hw_breakpoint(
                event, wanted, check=True
            )

    guest.on_stop = at
    guest.run()

    assert counts == [0, 1, 1]


@pytest.mark.parametrize(("period", "overflows"), [(1, 4), (2, 2), (0, 0)])
def test_a_sampling_period(period: int, overflows: int) -> None:
    guest = program(WRITE, WRITE, WRITE, WRITE)
    handled: list[int] = []

    def handler(event: PerfEvent, _frame: object) -> int:
        handled.append(event.count)
        return NOTIFY_DONE

    event = guest.perf(DATA, BpType.W, 8, sample_period=period)
    event.overflow_handler = handler

    assert counted(event, guest) == [0, 1, 2, 3, 4]
    assert len(handled) == overflows


def test_a_disabled_event_counts_from_when_it_is_enabled() -> None:
    guest = program(WRITE, WRITE, WRITE)
    event = guest.perf(DATA, BpType.W, 8, disabled=True)
    counts: list[int] = []

    def at(stop: int) -> None:
        counts.append(event.count)
        if stop == 1:
            guest.system.model.breakpoints.perf_event_enable(event)
        if stop == 2:
            guest.system.model.breakpoints.perf_event_disable(event)

    guest.on_stop = at
    guest.run()

    assert counts == [0, 0, 1, 1]


def test_a_refreshed_event_ends_itself() -> None:
    guest = program(WRITE, WRITE, WRITE, WRITE)
    event = guest.perf(DATA, BpType.W, 8, disabled=True)
    guest.system.model.breakpoints.perf_event_refresh(event, 2)

    assert counted(event, guest) == [0, 1, 2, 2, 2]


# bp_account.c


def test_bp_account_finds_four() -> None:
    guest = program(WRITE)
    made = 0
    with pytest.raises(KernelError) as caught:
        for made in range(9):
            guest.perf(DATA + 8 * made, BpType.W, 8)

    assert (made, caught.value.errno) == (4, ENOSPC)


@pytest.mark.parametrize("kind", [BpType.W, BpType.X])
def test_bp_account_types_share(kind: BpType) -> None:
    guest = program(WRITE)
    for number in range(3):
        guest.perf(DATA + 8 * number, BpType.W, 8)
    guest.perf(CODE, kind, 8)

    with pytest.raises(KernelError) as caught:
        guest.perf(DATA, BpType.W, 8)

    assert caught.value.errno == ENOSPC


def test_bp_account_a_changed_type_keeps_its_slot() -> None:
    guest = program(WRITE)
    first, *_ = [guest.perf(DATA + 8 * number, BpType.W, 8) for number in range(4)]
    breakpoints = guest.system.model.breakpoints

    wanted = replace(first.attr, bp_addr=CODE, bp_type=BpType.X, bp_len=8)
    breakpoints.modify_user_hw_breakpoint(first, wanted, check=True)
    breakpoints.unregister_hw_breakpoint(first)

    guest.perf(DATA, BpType.W, 8)
    with pytest.raises(KernelError):
        guest.perf(DATA, BpType.W, 8)


# bp_signal.c: an execute breakpoint on an instruction that hits a watchpoint.


def test_bp_signal_execute_comes_first_then_the_watchpoint() -> None:
    guest = Guest(MOV_RBX_DATA + "48ff03" + EXIT)  # inc qword [rbx]
    order: list[tuple[str, int]] = []

    def note(name: str) -> object:
        def handler(_event: PerfEvent, frame: object) -> int:
            order.append((name, frame.regs.ip - CODE))
            return NOTIFY_DONE

        return handler

    execute = guest.perf(CODE + 5, BpType.X, 8)
    watch = guest.perf(DATA, BpType.W, 8)
    execute.overflow_handler, watch.overflow_handler = note("x"), note("w")
    guest.run()

    assert order == [("x", 5), ("w", 8)]
    assert (execute.count, watch.count) == (1, 1)
