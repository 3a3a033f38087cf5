"""Where to look: an expression over the registers of the moment."""

from __future__ import annotations

from sessions_app import trace
from sessions_app.errors import BadFilter
from sessions_app.run_facts import RunFacts
from sessions_app.trace import Snapshot


class _Moment:
    """The registers of a snapshot; of its memory nothing is known here."""

    def __init__(self, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot

    def register(self, name: str) -> int:
        if self._snapshot is None:
            raise trace.EvaluationError(
                "no registers are recorded at this moment", trace.ENODATA
            )
        return self._snapshot.words[name]

    def memory(self, address: int, size: int) -> bytes:
        raise trace.EvaluationError(
            "what stands in memory is not known yet", trace.ENODATA
        )

    def symbol(self, name: str) -> int:
        raise trace.EvaluationError(f"{name} is not known", trace.ENODATA)

    def fact(self, name: str) -> int:
        if self._snapshot is None or name not in ("cpu", "task"):
            raise trace.EvaluationError(f"{name} is not known", trace.ENODATA)
        return int(getattr(self._snapshot, name))


def address_of(text: str, facts: RunFacts, snapshot: Snapshot | None) -> int:
    """``0x402000``, ``counter + 8``, ``rsp - 0x20``. Raises BadFilter."""
    allowed = "0x…, a symbol, a register, sums of these"
    try:
        expression = trace.recorded_expression(text, facts.table)
    except trace.ExpressionError as error:
        raise BadFilter(
            error.detail, field="address", value=text[:80], allowed=allowed
        ) from error
    found = expression.evaluate(_Moment(snapshot))
    if found.errno:
        raise BadFilter(found.remark, field="address", value=text[:80], allowed=allowed)
    return found.value
