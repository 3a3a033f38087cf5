"""What a text means, as a tree. at: the place in the text, from 1."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.expression.names import Part


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: int


@dataclass(frozen=True, slots=True)
class Register:
    """A register or a part of one."""

    part: Part


@dataclass(frozen=True, slots=True)
class Fact:
    """value, old, cpu, task, hits."""

    name: str


@dataclass(frozen=True, slots=True)
class Symbol:
    """The address of a symbol."""

    name: str
    at: int


@dataclass(frozen=True, slots=True)
class Memory:
    """A little-endian read."""

    bits: int
    signed: bool
    address: Node


@dataclass(frozen=True, slots=True)
class Unary:
    """- ~ !"""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Everything between two operands."""

    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True)
class Choice:
    """a ? b : c"""

    condition: Node
    then: Node
    otherwise: Node


Node = Number | Register | Fact | Symbol | Memory | Unary | Binary | Choice
