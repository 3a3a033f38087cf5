"""samples/hw_breakpoint/data_breakpoint.c: a module that watches a kernel variable.

E1 is the row of docs/conformance.md.
"""

from __future__ import annotations

import pytest

from emulator.core.notifier import NOTIFY_DONE
from emulator.core.perf_event import BpType, PerfEvent, PerfEventAttr
from emulator.errors import KernelError
from emulator.tests.kernel.guest import KERNEL_DATA, Guest

ENOSPC = 28
#: mov rbx, KERNEL_DATA; mov [rbx],eax; mov eax,[rbx]; hlt
PROGRAM = "48bb" + KERNEL_DATA.to_bytes(8, "little").hex() + "8903 8b03 f4"
VARIANTS = ["b", "d1", "d2", "d3-36", "d4", "g-bare", "h-bare"]


class Sample:
    """The module: its variable is read and written once by each of two CPUs."""

    def __init__(self, variant: str = "g-bare") -> None:
        self.guest = Guest(PROGRAM, kernel=True, tasks=2, cpus=2, variant=variant)
        self.breakpoints = self.guest.system.model.breakpoints
        self.printed: list[int] = []

    def handler(self, event: PerfEvent, _frame: object) -> int:
        """sample_hbp_handler."""
        self.printed.append(event.cpu)
        return NOTIFY_DONE

    def insmod(self) -> list[PerfEvent]:
        """hw_break_module_init."""
        attr = PerfEventAttr(KERNEL_DATA, 4, BpType.RW)
        return self.breakpoints.register_wide_hw_breakpoint(0, attr, self.handler)


@pytest.mark.parametrize("variant", VARIANTS)
def test_e1_every_access_of_any_cpu_is_printed_once(variant: str) -> None:
    sample = Sample(variant)
    sample.insmod()
    sample.guest.run()

    assert sorted(sample.printed) == [0, 0, 1, 1]


def test_e1_after_exit_nothing_is_printed() -> None:
    sample = Sample()
    events = sample.insmod()
    sample.breakpoints.unregister_wide_hw_breakpoint(events)
    sample.guest.run()

    assert sample.printed == []


def test_e1_a_refused_registration_leaves_nothing_behind() -> None:
    sample = Sample()
    for _ in range(4):
        attr = PerfEventAttr(KERNEL_DATA, 4, BpType.RW)
        sample.breakpoints.register_perf_cpu(1, attr, 1)

    with pytest.raises(KernelError) as caught:
        sample.insmod()

    assert caught.value.errno == ENOSPC
    assert sample.breakpoints.slots_view()[0].own == ()


@pytest.mark.parametrize("variant", VARIANTS)
def test_e1_the_threads_go_on(variant: str) -> None:
    sample = Sample(variant)
    sample.insmod()
    sample.guest.run()

    assert [task.exit_status for task in sample.guest.system.tasks] == [0, 0]
