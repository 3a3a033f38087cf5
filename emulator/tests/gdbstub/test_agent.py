"""Agent expressions, assembled by hand after appendix F of gdb's manual."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.errors import AgentError, KernelError
from emulator.gdbstub.agent import Op, evaluate, holds
from emulator.gdbstub.agent.evaluate import MAX_STACK, MAX_STEPS
from emulator.gdbstub.agent.opcodes import OPERANDS

ALL = (1 << 64) - 1
END = bytes([Op.end])


@dataclass
class Place:
    registers: dict[int, int] = field(default_factory=dict)
    data: bytes = b""

    def register(self, number: int) -> int:
        if number not in self.registers:
            raise AgentError(f"no register {number}")
        return self.registers[number]

    def memory(self, address: int, size: int) -> bytes:
        found = self.data[address : address + size]
        if len(found) < size:
            raise KernelError(14, "not mapped")
        return found


def code(*parts: int | bytes) -> bytes:
    """Bytecodes and their operands."""
    return b"".join(p if isinstance(p, bytes) else bytes([p]) for p in parts)


def const(value: int) -> bytes:
    return code(Op.const64, (value & ALL).to_bytes(8, "big"))


def binary(op: Op, left: int, right: int) -> int:
    return evaluate(const(left) + const(right) + code(op) + END, Place())


@pytest.mark.parametrize(
    ("op", "left", "right", "value"),
    [
        (Op.add, 2, 3, 5),
        (Op.add, -1, 2, 1),
        (Op.sub, 2, 3, ALL),
        (Op.mul, -2, 3, -6 & ALL),
        (Op.div_signed, -7, 2, -3 & ALL),
        (Op.div_signed, 7, -2, -3 & ALL),
        (Op.div_unsigned, -7, 2, (ALL - 6) // 2),
        (Op.rem_signed, -7, 2, ALL),
        (Op.rem_signed, 7, -2, 1),
        (Op.rem_unsigned, -7, 10, (ALL - 6) % 10),
        (Op.lsh, 3, 4, 48),
        (Op.lsh, 1, 64, 0),
        (Op.rsh_signed, -8, 1, -4 & ALL),
        (Op.rsh_signed, -8, 200, ALL),
        (Op.rsh_unsigned, -8, 1, (ALL - 7) // 2),
        (Op.rsh_unsigned, -8, 64, 0),
        (Op.bit_and, 12, 10, 8),
        (Op.bit_or, 12, 10, 14),
        (Op.bit_xor, 12, 10, 6),
        (Op.equal, 5, 5, 1),
        (Op.equal, 5, 6, 0),
        (Op.less_signed, -1, 0, 1),
        (Op.less_signed, 0, -1, 0),
        (Op.less_unsigned, -1, 0, 0),
        (Op.less_unsigned, 0, -1, 1),
    ],
)
def test_two_operands(op: Op, left: int, right: int, value: int) -> None:
    assert binary(op, left, right) == value


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        pytest.param((Op.const8, 0xFE), 0xFE, id="const8"),
        pytest.param((Op.const16, b"\x12\x34"), 0x1234, id="const16-big-endian"),
        pytest.param((Op.const32, b"\xff\0\0\1"), 0xFF000001, id="const32"),
        pytest.param((Op.const8, 0xFE, Op.ext, 8), -2 & ALL, id="ext"),
        pytest.param((Op.const8, 0x7E, Op.ext, 8), 0x7E, id="ext-positive"),
        pytest.param((const(5), Op.ext, 64), 5, id="ext-of-all"),
        pytest.param((const(0x1FF), Op.ext, 8), ALL, id="ext-cuts"),
        pytest.param((const(-1), Op.zero_ext, 8), 0xFF, id="zero-ext"),
        pytest.param((const(-1), Op.zero_ext, 64), ALL, id="zero-ext-of-all"),
        pytest.param((const(0), Op.log_not), 1, id="not-zero"),
        pytest.param((const(5), Op.log_not), 0, id="not-five"),
        pytest.param((const(0), Op.bit_not), ALL, id="bit-not"),
        pytest.param((const(3), Op.dup, Op.mul), 9, id="dup"),
        pytest.param((const(3), const(4), Op.pop), 3, id="pop"),
        pytest.param((const(7), const(4), Op.swap, Op.sub), -3 & ALL, id="swap"),
        pytest.param((const(9), const(1), const(2), Op.pick, 2), 9, id="pick"),
        # 1 2 3 becomes 3 1 2: the top is 2.
        pytest.param((const(1), const(2), const(3), Op.rot), 2, id="rot"),
        pytest.param(
            (const(1), const(2), const(3), Op.rot, Op.pop, Op.pop), 3, id="rot-third"
        ),
        pytest.param((const(6), const(1), const(8), Op.trace), 6, id="trace"),
        pytest.param((const(6), const(1), const(8), Op.tracenz), 6, id="tracenz"),
        pytest.param((const(6), Op.trace_quick, 4), 6, id="trace-quick"),
        pytest.param((const(6), Op.trace16, b"\0\4"), 6, id="trace16"),
    ],
)
def test_one_after_the_other(parts: tuple[int | bytes, ...], value: int) -> None:
    assert evaluate(code(*parts) + END, Place()) == value


@pytest.mark.parametrize(
    ("op", "value"),
    [
        (Op.ref8, 0x88),
        (Op.ref16, 0x7788),
        (Op.ref32, 0x55667788),
        (Op.ref64, 0x1122334455667788),
    ],
)
def test_memory_is_the_targets_little_endian(op: Op, value: int) -> None:
    data = (0x1122334455667788).to_bytes(8, "little")

    assert evaluate(code(Op.const8, 0, op) + END, Place(data=data)) == value


def test_a_register_by_number() -> None:
    assert evaluate(code(Op.reg, b"\x01\x02") + END, Place({0x102: ALL})) == ALL


def test_branches() -> None:
    # As gdb writes "$rax && 1": the right side, or 0 where the left is 0.
    both = code(
        *(Op.reg, b"\0\0", Op.if_goto, b"\0\x09", Op.goto, b"\0\x0e"),
        *(Op.const8, 1, Op.goto, b"\0\x10"),
        *(Op.const8, 0),
        Op.end,
    )

    assert [evaluate(both, Place({0: n})) for n in (5, 0)] == [1, 0]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        pytest.param((), "ends before its end", id="nothing"),
        pytest.param((Op.const8,), "ends before its end", id="no-operand"),
        pytest.param((Op.goto, b"\xff\xff"), "ends before its end", id="outside"),
        pytest.param((Op.end,), "nothing is left", id="empty-stack"),
        pytest.param((Op.const8, 1, Op.add), "nothing is left", id="one-operand"),
        pytest.param((Op.swap,), "fewer than 2", id="swap"),
        pytest.param((const(1), const(1), Op.rot), "fewer than 3", id="rot"),
        pytest.param((const(1), Op.pick, 1), "fewer than 2", id="pick"),
        pytest.param((Op.trace_quick, 1), "fewer than 1", id="trace-quick"),
        pytest.param((const(1), const(0), Op.div_signed), "by zero", id="division"),
        pytest.param((const(1), const(0), Op.rem_unsigned), "by zero", id="remainder"),
        pytest.param((const(1), Op.ext, 0), "no bits", id="ext"),
        pytest.param((0x31,), "0x31 is no bytecode", id="hole"),
        pytest.param((0,), "0x0 is no bytecode", id="zero"),
        pytest.param((Op.float,), "not for conditions", id="float"),
        pytest.param((Op.getv, b"\0\0"), "not for conditions", id="trace-variable"),
        pytest.param((Op.printf,), "not for conditions", id="printf"),
        pytest.param((Op.goto, b"\0\0"), f"more than {MAX_STEPS} steps", id="loop"),
        pytest.param(
            (Op.const8, 1, Op.goto, b"\0\0"), f"more than {MAX_STACK}", id="stack"
        ),
    ],
)
def test_what_has_no_value(parts: tuple[int | bytes, ...], words: str) -> None:
    with pytest.raises(AgentError, match=words):
        evaluate(code(*parts), Place())


TRUE, FALSE = code(Op.const8, 1, Op.end), code(Op.const8, 0, Op.end)
UNMAPPED = code(Op.const8, 8, Op.ref64, Op.end)


@pytest.mark.parametrize(
    ("conditions", "held"),
    [
        pytest.param([], True, id="none"),
        pytest.param([TRUE], True, id="true"),
        pytest.param([FALSE], False, id="false"),
        pytest.param([FALSE, FALSE], False, id="both-false"),
        pytest.param([FALSE, TRUE], True, id="one-true"),
        pytest.param([b""], True, id="broken"),
        pytest.param([FALSE, UNMAPPED], True, id="unmapped"),
    ],
)
def test_one_that_holds_or_has_no_value_is_enough(
    conditions: list[bytes], held: bool
) -> None:
    assert holds(conditions, Place()) is held


def test_numbers_are_those_of_the_manual() -> None:
    """Some of each group; no number twice."""
    stated = {"add": 2, "log_not": 0x0E, "ref64": 0x1A, "if_goto": 0x20, "end": 0x27}
    stated |= {"swap": 0x2B, "trace16": 0x30, "pick": 0x32, "rot": 0x33, "printf": 0x34}

    assert {name: Op[name].value for name in stated} == stated
    assert len(Op) == 0x34 - 1


_ops = st.sampled_from([*Op, *[Op.const8, Op.dup, Op.swap] * 4])


@st.composite
def _programs(draw: st.DrawFn) -> bytes:
    parts = []
    for op in draw(st.lists(_ops, max_size=30)):
        size = OPERANDS.get(op, 0)
        parts.append(bytes([op]) + draw(st.binary(min_size=size, max_size=size)))
    return b"".join(parts) + draw(st.sampled_from([END, b""]))


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(st.one_of(_programs(), st.binary(max_size=40)))
def test_any_bytes_have_a_value_or_an_error(program: bytes) -> None:
    place = Place({0: 5}, b"\1" * 16)
    try:
        assert 0 <= evaluate(program, place) <= ALL
    except (AgentError, KernelError):
        assert holds([program], place)
