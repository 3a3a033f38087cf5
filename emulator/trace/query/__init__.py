"""A small language for events and hits (docs/query.md): parse once, then ask block by block."""

from emulator.trace.query.bounds import Bounds, bounds
from emulator.trace.query.fields import recorded_expression
from emulator.trace.query.nodes import EVERYTHING, Node, asks_trees, both
from emulator.trace.query.parse import QueryError, parse_query
from emulator.trace.query.rows import MarkRows, Rows
from emulator.trace.query.served import served, served_in_words

__all__ = [
    "EVERYTHING",
    "Bounds",
    "MarkRows",
    "Node",
    "QueryError",
    "Rows",
    "asks_trees",
    "both",
    "bounds",
    "parse_query",
    "recorded_expression",
    "served",
    "served_in_words",
]
