"""tools/testing/selftests/breakpoints: breakpoint_test.c and step_after_suspend_test.c.

C1 to C-suspend are the rows of docs/conformance.md. As there, a tracer reads DR7, adds
its bits, writes it back, and lets the child run into the breakpoint.
"""

from __future__ import annotations

import pytest

from emulator.tests.kernel.guest import CODE, DATA, SIGTRAP, Guest
from emulator.tracing import Resume

LE, GE = 1 << 8, 1 << 9
ENABLES = [(0, 1), (1, 0), (1, 1)]
EXIT = "b83c000000 31ff 0f05"  # mov eax,60; xor edi,edi; syscall
INT3 = "cc"  # the child tells that it is ready, as kill(self, SIGUSR1) does there
_DUMMY = 0x80  # offset of four functions that only return
_LENGTH_BITS = {1: 0, 2: 1, 4: 3, 8: 2}
#: mov [rbx+disp8], al/ax/eax/rax and back.
_STORE = {1: "8843", 2: "668943", 4: "8943", 8: "488943"}
_LOAD = {1: "8a43", 2: "668b43", 4: "8b43", 8: "488b43"}


def enable(number: int, local: int, glob: int, control: int) -> int:
    """What set_breakpoint_addr and toggle_breakpoint of the test write to DR7."""
    value = (local | glob << 1) << 2 * number | control << (16 + 4 * number)
    return value | (LE if local else 0) | (GE if glob else 0)


def call_of(number: int) -> str:
    """call dummy_func_n, from offset 1 + 5 * n."""
    at = 1 + 5 * number
    return "e8" + (_DUMMY + number - at - 5).to_bytes(4, "little").hex()


def child_of(body: str) -> Guest:
    """INT3, the body, INT3, exit; four RETs behind."""
    program = bytes.fromhex(INT3 + body + INT3 + EXIT).ljust(_DUMMY, b"\x90")
    return Guest((program + b"\xc3" * 4).hex(), traced=True)


def run_with(guest: Guest, number: int, address: int, dr7: int) -> list[int]:
    """Set one breakpoint at the first stop, run; errnos of the pokes."""
    errnos: list[int] = []

    def at(stop: int) -> None:
        if stop == 0:
            errnos.append(guest.poke(number, address))
            errnos.append(guest.poke(7, guest.peek(7) | dr7))
        elif stop == 1:
            errnos.append(guest.poke(7, guest.peek(7) & ~dr7))

    guest.on_stop = at
    guest.run()
    return errnos


# C1..C12


@pytest.mark.parametrize(
    ("number", "local", "glob"),
    [
        pytest.param(n, local, glob, id=f"C{1 + 4 * i + n}-local{local}-global{glob}")
        for i, (local, glob) in enumerate(ENABLES)
        for n in range(4)
    ],
)
def test_instruction_breakpoint(number: int, local: int, glob: int) -> None:
    guest = child_of("".join(call_of(n) for n in range(4)))
    where = CODE + _DUMMY + number
    errnos = run_with(guest, number, where, enable(number, local, glob, 0))

    assert errnos == [0, 0, 0]
    assert guest.stops == [
        (SIGTRAP, 1),
        (SIGTRAP, _DUMMY + number),
        (SIGTRAP, 22),
    ]
    assert guest.exit_status == 0


# C13..C60 and C61..C108


def cases(first: int) -> list[object]:
    """48 of them, in the test's own order."""
    made = [
        (length, local, glob, number)
        for length in (1, 2, 4, 8)
        for local, glob in ENABLES
        for number in range(4)
    ]
    return [
        pytest.param(*case, id=f"C{first + i}-len{case[0]}-dr{case[3]}")
        for i, case in enumerate(made)
    ]


def watched(length: int, number: int, local: int, glob: int, kind: int) -> Guest:
    """One access to dummy_var[number], of the watched length."""
    access = (_STORE if kind == 1 else _LOAD)[length] + f"{8 * number:02x}"
    guest = child_of("bb" + DATA.to_bytes(4, "little").hex() + access)
    control = _LENGTH_BITS[length] << 2 | kind
    dr7 = enable(number, local, glob, control)
    errnos = run_with(guest, number, DATA + 8 * number, dr7)
    assert errnos == [0, 0, 0]
    return guest


def after_access(length: int) -> int:
    """Offset behind INT3, mov ebx, and the access."""
    return 1 + 5 + (4 if length in (2, 8) else 3)


@pytest.mark.parametrize(("length", "local", "glob", "number"), cases(13))
def test_write_watchpoint(length: int, local: int, glob: int, number: int) -> None:
    guest = watched(length, number, local, glob, kind=1)

    at = after_access(length)
    assert guest.stops == [(SIGTRAP, 1), (SIGTRAP, at), (SIGTRAP, at + 1)]


@pytest.mark.parametrize(("length", "local", "glob", "number"), cases(61))
def test_read_watchpoint(length: int, local: int, glob: int, number: int) -> None:
    guest = watched(length, number, local, glob, kind=3)

    at = after_access(length)
    assert guest.stops == [(SIGTRAP, 1), (SIGTRAP, at), (SIGTRAP, at + 1)]


def test_local_bits_survive_reading() -> None:
    guest = child_of("90")
    seen: list[int] = []

    def at(stop: int) -> None:
        if stop == 0:
            guest.poke(0, DATA)
            guest.poke(7, enable(0, 1, 0, 1))
            seen.append(guest.peek(7))

    guest.on_stop = at
    guest.run()

    assert seen == [enable(0, 1, 0, 1)]


# The two that need no register.


@pytest.mark.parametrize(
    ("name", "code"),
    [
        pytest.param("icebp", "f1", id="C-icebp"),
        pytest.param("int3", "cc", id="C-int3"),
    ],
)
def test_trap_instructions(name: str, code: str) -> None:
    guest = Guest("90" + code + EXIT, traced=True).run()

    assert (guest.stops, guest.exit_status) == ([(SIGTRAP, 2)], 0)


@pytest.mark.parametrize("name", ["C-suspend"])
@pytest.mark.parametrize("suspended", [False, True])
def test_step_after_suspend(name: str, suspended: bool) -> None:
    guest = Guest("cc 90 90" + EXIT, traced=True)

    def at(stop: int) -> Resume | None:
        if stop == 0:
            if suspended:
                guest.system.model.virtualisation.suspend(0, guest.task.thread)
            return Resume(step=True)
        return None

    guest.on_stop = at
    guest.run()

    assert guest.stops == [(SIGTRAP, 1), (SIGTRAP, 2)]
    assert guest.exit_status == 0
