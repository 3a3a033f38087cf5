"""Evaluates bytecode on a stack of 64-bit integers, for a bounded number of steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from emulator.errors import AgentError, KernelError
from emulator.gdbstub.agent.opcodes import OPERANDS, Op

#: More than any condition that gdb makes; a loop ends here.
MAX_STEPS = 4096
MAX_STACK = 128
_BITS = 64
_MASK = (1 << _BITS) - 1


class AgentPlace(Protocol):
    """The thread that stopped. Both may raise KernelError or AgentError."""

    def register(self, number: int) -> int:
        """By gdb's number, unsigned."""

    def memory(self, address: int, size: int) -> bytes:
        """Exactly so many bytes."""


def holds(conditions: Iterable[bytes], place: AgentPlace) -> bool:
    """Whether one of them is not 0, or has no value: gdb then asks itself once more.

    No condition at all holds.
    """
    some = False
    for code in conditions:
        some = True
        try:
            if evaluate(code, place):
                return True
        except (AgentError, KernelError):
            return True
    return not some


def evaluate(code: bytes, place: AgentPlace) -> int:
    """What stands on top of the stack at the end. Raises AgentError, KernelError."""
    return _Evaluation(code, place).value()


def signed(value: int) -> int:
    """As two's complement."""
    return value - (1 << _BITS) if value >> (_BITS - 1) else value


class _Evaluation:
    def __init__(self, code: bytes, place: AgentPlace) -> None:
        self._code = code
        self._place = place
        self._stack: list[int] = []
        self._at = 0

    def value(self) -> int:
        for _ in range(MAX_STEPS):
            op = self._op()
            operand = self._operand(op)
            if op is Op.end:
                return self._pop()
            self._do(op, operand)
            if len(self._stack) > MAX_STACK:
                raise AgentError(f"more than {MAX_STACK} values on the stack")
        raise AgentError(f"more than {MAX_STEPS} steps")

    def _do(self, op: Op, operand: int) -> None:
        if op in _BINARY:
            right, left = self._pop(), self._pop()
            self._push(_BINARY[op](left, right))
        elif op in _UNARY:
            self._push(_UNARY[op](self._pop()))
        elif op in _WIDTHS:
            self._push(_WIDTHS[op](self._pop(), operand))
        elif op in _CONSTANTS:
            self._push(operand)
        elif op in _REFERENCES:
            data = self._place.memory(self._pop(), _REFERENCES[op])
            self._push(int.from_bytes(data, "little"))
        else:
            _OTHERS.get(op, _unknown)(self, operand)

    # The code.

    def _op(self) -> Op:
        number = self._take(1)
        try:
            return Op(number)
        except ValueError as error:
            raise AgentError(f"{number:#x} is no bytecode") from error

    def _operand(self, op: Op) -> int:
        return self._take(OPERANDS.get(op, 0))

    def _take(self, size: int) -> int:
        data = self._code[self._at : self._at + size]
        if len(data) < size:
            raise AgentError("the expression ends before its end")
        self._at += size
        return int.from_bytes(data, "big")

    # The stack.

    def _push(self, value: int) -> None:
        self._stack.append(value & _MASK)

    def _pop(self) -> int:
        if not self._stack:
            raise AgentError("nothing is left on the stack")
        return self._stack.pop()

    def _top(self, count: int) -> None:
        if len(self._stack) < count:
            raise AgentError(f"fewer than {count} values on the stack")

    # What moves things.

    def register(self, number: int) -> None:
        """Push a register."""
        self._push(self._place.register(number))

    def goto(self, offset: int) -> None:
        """Go on there."""
        self._at = offset

    def if_goto(self, offset: int) -> None:
        """Go on there unless 0 was on the stack."""
        if self._pop():
            self._at = offset

    def drop(self, count: int) -> None:
        """So many values off the stack."""
        for _ in range(count):
            self._pop()

    def pick(self, depth: int) -> None:
        """Once more what stands so far from the top, 0 being the top."""
        self._top(depth + 1)
        self._push(self._stack[-1 - depth])

    def swap(self) -> None:
        """a b to b a."""
        self._top(2)
        self._stack[-2:] = self._stack[:-3:-1]

    def rotate(self) -> None:
        """a b c to c a b."""
        self._top(3)
        self._stack[-3:] = [self._stack[-1], *self._stack[-3:-1]]

    def keep(self, _operand: int) -> None:
        """trace_quick, trace16: record memory and leave its address. Nothing is recorded."""
        self._top(1)


def _unknown(_evaluation: _Evaluation, _operand: int) -> None:
    raise AgentError(
        "floating point, trace variables and output are not for conditions"
    )


def _divided(left: int, right: int) -> int:
    """Towards zero, as C does."""
    quotient = abs(left) // abs(_divisor(right))
    return quotient if (left < 0) == (right < 0) else -quotient


def _divisor(value: int) -> int:
    if not value:
        raise AgentError("division by zero")
    return value


def _remainder(left: int, right: int) -> int:
    return left - right * _divided(left, right)


def _sign_extended(value: int, bits: int) -> int:
    if not bits:
        raise AgentError("no bits to extend")
    if bits >= _BITS:
        return value
    low = value & ((1 << bits) - 1)
    return low - (1 << bits) if low >> (bits - 1) else low


_BINARY: Mapping[Op, Callable[[int, int], int]] = {
    Op.add: lambda a, b: a + b,
    Op.sub: lambda a, b: a - b,
    Op.mul: lambda a, b: a * b,
    Op.div_signed: lambda a, b: _divided(signed(a), signed(b)),
    Op.div_unsigned: lambda a, b: a // _divisor(b),
    Op.rem_signed: lambda a, b: _remainder(signed(a), signed(b)),
    Op.rem_unsigned: lambda a, b: a % _divisor(b),
    Op.lsh: lambda a, b: a << b if b < _BITS else 0,
    Op.rsh_signed: lambda a, b: signed(a) >> min(b, _BITS),
    Op.rsh_unsigned: lambda a, b: a >> min(b, _BITS),
    Op.bit_and: lambda a, b: a & b,
    Op.bit_or: lambda a, b: a | b,
    Op.bit_xor: lambda a, b: a ^ b,
    Op.equal: lambda a, b: int(a == b),
    Op.less_signed: lambda a, b: int(signed(a) < signed(b)),
    Op.less_unsigned: lambda a, b: int(a < b),
}
_UNARY: Mapping[Op, Callable[[int], int]] = {
    Op.log_not: lambda a: int(not a),
    Op.bit_not: lambda a: ~a,
}
_WIDTHS: Mapping[Op, Callable[[int, int], int]] = {
    Op.ext: _sign_extended,
    Op.zero_ext: lambda a, bits: a & ((1 << bits) - 1),
}
_CONSTANTS = frozenset((Op.const8, Op.const16, Op.const32, Op.const64))
_REFERENCES: Mapping[Op, int] = {Op.ref8: 1, Op.ref16: 2, Op.ref32: 4, Op.ref64: 8}
_OTHERS: Mapping[Op, Callable[[_Evaluation, int], None]] = {
    Op.reg: _Evaluation.register,
    Op.goto: _Evaluation.goto,
    Op.if_goto: _Evaluation.if_goto,
    Op.dup: lambda e, _: e.pick(0),
    Op.pick: _Evaluation.pick,
    Op.pop: lambda e, _: e.drop(1),
    Op.swap: lambda e, _: e.swap(),
    Op.rot: lambda e, _: e.rotate(),
    Op.trace: lambda e, _: e.drop(2),
    Op.tracenz: lambda e, _: e.drop(2),
    Op.trace_quick: _Evaluation.keep,
    Op.trace16: _Evaluation.keep,
}
