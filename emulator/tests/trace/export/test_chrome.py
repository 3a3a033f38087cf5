"""Chrome's Trace Event Format."""

from __future__ import annotations

import json
from decimal import Decimal

from emulator.tests.trace.export.traces import NAMES, block, hit, whole
from emulator.trace.export.chrome import chrome_json
from emulator.trace.export.timeline import Clock, Timeline


def exported(*blocks, facts: dict | None = None) -> dict:
    marks = Timeline(NAMES, Clock.RETIRED, all_that_pass=False).marks(blocks)
    text = b"".join(chrome_json(marks, facts or {}))
    return json.loads(text, parse_float=Decimal)


def events(*blocks, **matching: object) -> list[dict]:
    return [
        event
        for event in exported(*blocks)["traceEvents"]
        if all(event.get(key) == value for key, value in matching.items())
    ]


def test_an_empty_run_is_a_whole_object() -> None:
    assert exported(facts={"digest": "ab"}) == {
        "traceEvents": [],
        "displayTimeUnit": "ns",
        "otherData": {"digest": "ab"},
    }


def test_a_hit_is_an_instant_of_its_thread() -> None:
    first = events(block(whole()), ph="i", name="counter")[0]

    assert (first["s"], first["ts"]) == ("t", Decimal("0.012"))


def test_no_nanosecond_is_lost_in_a_long_run() -> None:
    late = block([hit(1, (1 << 60) + 1, 1)])

    assert events(late, ph="i")[0]["ts"] == Decimal((1 << 60) + 1) / 1000


def test_words_are_strings_because_json_has_doubles() -> None:
    args = events(block([hit(1, 1, (1 << 64) - 1)]), ph="i")[0]["args"]

    assert args["value"] == "0xffffffffffffffff"


def test_cpus_and_lanes_have_names() -> None:
    named = {
        (e["pid"], e["tid"], e["args"]["name"])
        for e in events(block(whole()), ph="M")
        if e["name"] in ("process_name", "thread_name")
    }

    assert {(1, 0, "CPU 0"), (2, 0, "CPU 1"), (1, 5, "slot 1")} <= named


def test_slices_nest() -> None:
    depth: dict[tuple[int, int], int] = {}
    for event in exported(block(whole()))["traceEvents"]:
        step = {"B": 1, "E": -1}.get(event["ph"], 0)
        lane = (event["pid"], event["tid"])
        depth[lane] = depth.get(lane, 0) + step
        assert depth[lane] >= 0

    assert set(depth.values()) == {0}


def test_dr7_is_a_counter() -> None:
    values = [e["args"]["DR7"] for e in events(block(whole()), ph="C")]

    assert values == [0x404, 0]


def test_many_events_are_one_list() -> None:
    many = block([hit(n, n, n) for n in range(1, 4001)])

    assert len(events(many, ph="i")) == 4000
