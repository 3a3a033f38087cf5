"""Perfetto's native trace, read with the classes of its published proto."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from perfetto.protos.perfetto.trace import perfetto_trace_pb2 as proto

from emulator.tests.trace.export.traces import NAMES, block, hit, whole
from emulator.trace.export import protobuf
from emulator.trace.export.perfetto import perfetto_trace
from emulator.trace.export.timeline import Clock, Timeline

FACTS = {"title": "A counter, run 1", "digest": "ab12"}
EVENT = proto.TrackEvent


def exported(*blocks, clock: Clock = Clock.RETIRED) -> list[proto.TracePacket]:
    marks = Timeline(NAMES, clock, all_that_pass=False).marks(blocks)
    return parsed(b"".join(perfetto_trace(marks, FACTS)))


def parsed(data: bytes) -> list[proto.TracePacket]:
    trace = proto.Trace()
    assert trace.ParseFromString(data) == len(data)
    return list(trace.packet)


class Reader:
    """What a trace processor does with interned names and tracks."""

    def __init__(self, packets: list[proto.TracePacket]) -> None:
        self.tracks: dict[int, proto.TrackDescriptor] = {}
        self.events: list[tuple[int, str, dict[str, object], proto.TrackEvent]] = []
        names: dict[int, str] = {}
        keys: dict[int, str] = {}
        for packet in packets:
            names |= {n.iid: n.name for n in packet.interned_data.event_names}
            keys |= {n.iid: n.name for n in packet.interned_data.debug_annotation_names}
            if packet.HasField("track_descriptor"):
                self.tracks[packet.track_descriptor.uuid] = packet.track_descriptor
            if packet.HasField("track_event"):
                event = packet.track_event
                assert event.track_uuid in self.tracks, "used before it is described"
                args = {
                    keys[a.name_iid]: getattr(a, a.WhichOneof("value"))
                    for a in event.debug_annotations
                }
                name = names[event.name_iid] if event.name_iid else ""
                self.events.append((packet.timestamp, name, args, event))

    def track(self, name: str, cpu: int = 0) -> int:
        process = next(
            uuid
            for uuid, t in self.tracks.items()
            if t.process.process_name == f"CPU {cpu}"
        )
        return next(
            uuid
            for uuid, t in self.tracks.items()
            if t.name == name and t.parent_uuid == process
        )

    def on(self, name: str, cpu: int = 0) -> list:
        uuid = self.track(name, cpu)
        return [e for e in self.events if e[3].track_uuid == uuid]


def test_no_field_is_unknown_to_the_published_proto() -> None:
    def unknown(message) -> list[str]:
        found = []
        for field, value in message.ListFields():
            if field.message_type is not None:
                values = [value] if hasattr(value, "ListFields") else value
                for one in values:
                    found += unknown(one)
        before = message.ByteSize()
        message.DiscardUnknownFields()
        return found + (
            [message.DESCRIPTOR.name] if message.ByteSize() < before else []
        )

    assert [name for p in exported(block(whole())) for name in unknown(p)] == []


def test_the_sequence_begins_cleared_and_then_needs_its_state() -> None:
    packets = exported(block(whole()))

    assert packets[0].sequence_flags == 1
    assert {p.sequence_flags for p in packets if p.HasField("track_event")} == {2}
    assert {p.trusted_packet_sequence_id for p in packets} == {1}


def test_a_hit_is_an_instant_of_its_slot() -> None:
    (time, name, args, event), _ = Reader(exported(block(whole()))).on("slot 1")

    assert (time, name, event.type) == (12, "counter", EVENT.TYPE_INSTANT)
    assert (args["hit"], args["value"], args["at"]) == (1, 1, "again+0x7")


def test_a_word_is_a_pointer_with_all_its_bits() -> None:
    reader = Reader(exported(block([hit(1, 1, (1 << 64) - 1)])))
    annotations = reader.on("slot 1")[0][3].debug_annotations
    pointers = [a.pointer_value for a in annotations if a.HasField("pointer_value")]

    assert (1 << 64) - 1 in pointers


def test_kgdb_is_a_slice_on_both_cpus() -> None:
    reader = Reader(exported(block(whole()), clock=Clock.SEQ))
    wanted = [EVENT.TYPE_SLICE_BEGIN, EVENT.TYPE_SLICE_END]

    for cpu, times in ((0, [6000, 9000]), (1, [7000, 8000])):
        found = reader.on("kgdb", cpu)
        assert [e[3].type for e in found] == wanted
        assert [e[0] for e in found] == times


def test_dr7_is_a_counter_track() -> None:
    reader = Reader(exported(block(whole())))

    assert reader.tracks[reader.track("DR7")].HasField("counter")
    assert [(e[0], e[3].counter_value) for e in reader.on("DR7")] == [
        (0, 0x404),
        (20, 0),
    ]


def test_tasks_are_slices_by_name() -> None:
    names = [e[1] for e in Reader(exported(block(whole()))).on("task") if e[1]]

    assert names == ["counter (100)", "task 102"]


def test_each_name_is_written_once() -> None:
    packets = exported(block([hit(n, n, n) for n in range(1, 500)]))
    names = [n.name for p in packets for n in p.interned_data.event_names]

    assert len(names) == len(set(names))
    assert len([p for p in packets if p.HasField("track_event")]) > 499


def test_the_facts_of_the_run_stand_in_the_trace() -> None:
    _, name, args, _ = Reader(exported()).events[0]

    assert (name, args["digest"]) == ("run", "ab12")


@given(st.integers(-(1 << 63), (1 << 64) - 1))
def test_a_varint_is_that_of_protobuf(value: int) -> None:
    annotation = proto.DebugAnnotation()
    field = 4 if value < 0 else 3
    annotation.ParseFromString(protobuf.number(field, value))

    assert (annotation.int_value if value < 0 else annotation.uint_value) == value


@given(st.text())
def test_a_string_is_that_of_protobuf(value: str) -> None:
    descriptor = proto.TrackDescriptor()
    descriptor.ParseFromString(protobuf.text(2, value))

    assert descriptor.name == value
