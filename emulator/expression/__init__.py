"""A small language over registers and memory: conditions before, queries after the fact.

docs/expressions.md states it. A text is read once, its symbols are looked up once, and
what remains is a closure that may be asked at every hit. Pure: nothing is changed, and
whatever cannot be read is a result, not an exception.
"""

from emulator.expression.columns import Column, Table, evaluate_columns
from emulator.expression.environment import EDOM, ENODATA, Environment
from emulator.expression.evaluate import Evaluated, Expression
from emulator.expression.parse import parse_expression

__all__ = [
    "Column",
    "EDOM",
    "ENODATA",
    "Environment",
    "Evaluated",
    "Expression",
    "Table",
    "evaluate_columns",
    "parse_expression",
]
