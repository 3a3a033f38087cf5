"""A bundle is checked whole; what is wrong with it is said with the member's name."""

from __future__ import annotations

import hashlib
import json
import warnings
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.bundle_job import handle
from emulator.errors import BundleError
from emulator.tests.trace.bundle.made import (
    RECIPE,
    SHA256,
    annotation,
    members,
    packed,
    with_manifest,
    zipped,
)
from emulator.trace.bundle.verify import verify_bundle
from emulator.trace.codec import decode_records, encode_chunk
from emulator.trace.record import Record, pack_records, unpack_records

WHOLE = packed(members())
HOT, COLD, SIDE = (f"trace/{1:020d}.{name}" for name in ("hot", "cold", "side"))
SECOND = f"trace/{4097:020d}.hot"


def refusal(data: bytes) -> str:
    with pytest.raises(BundleError) as caught:
        verify_bundle(data)
    error = caught.value
    return f"{error.field}: {error.detail}" if error.field else error.detail


def changed(**parts: bytes | None) -> bytes:
    """The whole bundle with other members and right hashes."""
    kept = members() | {n.replace("__", "/"): c for n, c in parts.items()}
    return packed({n: c for n, c in kept.items() if c is not None})


def replaced(name: str, content: bytes | None) -> bytes:
    return changed(**{name: content})


def test_a_whole_bundle_holds() -> None:
    found = verify_bundle(WHOLE)

    assert (found["events"], found["hits"], found["retired"]) == (5000, 4997, 777)
    assert found["recipe"] == RECIPE.decode()


def test_broken_invariants_are_read_from_the_trace_each_once() -> None:
    found = verify_bundle(WHOLE)

    assert found["violations"] == [{"name": "dr7_equals_cpu_dr7", "seq": 4998}]


def test_statistics_of_chunks_are_computed() -> None:
    first, second = verify_bundle(WHOLE)["chunks"]

    assert (first["n"], first["snapshots"], second["first_seq"]) == (4096, 100, 4097)
    assert (second["hits_before"], second["n"]) == (4096, 904)


def test_the_same_run_is_the_same_file() -> None:
    assert packed(members()) == WHOLE


def test_remarks_and_commands_come_with_it() -> None:
    found = verify_bundle(WHOLE)

    assert found["annotations"][0]["author"] == "alice"
    assert found["commands"][0]["data"] == "2b"


def test_no_zip_file() -> None:
    assert "no bundle" in refusal(b"hello")


def test_a_file_that_is_cut_short() -> None:
    assert "not all of it" in refusal(WHOLE[:-30])


def test_a_member_that_was_changed() -> None:
    parts = members()
    data = bytearray(packed(parts))
    at = data.index(parts[HOT]) + 60
    data[at] ^= 1

    assert HOT in refusal(bytes(data))


def test_hashes_that_do_not_fit() -> None:
    sums = "\n".join(f"{'0' * 64}  {name}" for name in members()).encode()
    parts = [*members().items(), ("SHA256SUMS", sums)]

    assert (
        refusal(zipped(parts))
        == "manifest.json: its SHA-256 is not the one in SHA256SUMS"
    )


def test_a_member_that_is_not_in_the_list_of_hashes() -> None:
    parts = [*members().items(), ("SHA256SUMS", b"")]

    assert "does not list exactly the members" in refusal(zipped(parts))


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "trace/../x", "images/short", "extra.txt"],
)
def test_a_member_that_no_bundle_has(name: str) -> None:
    assert refusal(replaced(name, b"x")) == f"a bundle has no member {name!r}"


def test_a_member_that_is_there_twice() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = zipped([("recipe.json", b"1"), ("recipe.json", b"2")])

    assert refusal(data) == "recipe.json: is there twice"


def test_a_bomb_is_refused_by_what_it_says_of_itself() -> None:
    bomb = zipped([("patch.txt", bytes(5 << 20))], compression=zipfile.ZIP_DEFLATED)

    assert len(bomb) < 10_000
    assert "at most 4194304 allowed" in refusal(bomb)


def test_a_bomb_that_lies_about_its_length() -> None:
    data = bytearray(zipped([("SHA256SUMS", bytes(1 << 20))], compression=8))
    directory = data.rindex(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (10).to_bytes(4, "little")

    assert "SHA256SUMS" in refusal(bytes(data))


def test_a_packing_that_bundles_do_not_have() -> None:
    data = zipped([("recipe.json", b"x" * 100)], compression=zipfile.ZIP_LZMA)

    assert "packed in a way" in refusal(data)


def test_a_newer_version_is_refused_by_its_number() -> None:
    said = refusal(with_manifest(lambda m: m.update(version=3)))

    assert said == "manifest.json: version 3 is not known; known: 1, 2"


def test_a_version_that_is_no_number_is_refused() -> None:
    said = refusal(with_manifest(lambda m: m.update(version=True)))

    assert "version True is not known" in said


def test_a_newer_codec_is_refused_by_its_number() -> None:
    said = refusal(with_manifest(lambda m: m["run"].update(codec=9)))

    assert "run.codec 9 is not known; known: 1" in said


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [
        ("run", "outcome", "happy"),
        ("run", "digest", "xyz"),
        ("run", "number", -1),
        ("run", "number", True),
        ("run", "label", "a\0b"),
        ("run", "label", 7),
        ("run", "finished_at", "yesterday"),
        ("run", "finished_at", "2026-11-01T12:00:00"),
        ("session", "title", "x" * 201),
        ("session", "title", "\ud800"),
        ("from", "where", None),
    ],
)
def test_a_field_that_cannot_be(where: str, name: str, value: object) -> None:
    said = refusal(with_manifest(lambda m: m[where].update({name: value})))

    assert name in said


def test_another_recipe_than_the_run_names() -> None:
    assert "not the recipe" in refusal(replaced("recipe.json", b'{"format":2}'))


def test_an_image_that_is_not_what_its_name_says() -> None:
    assert "not what its name says" in refusal(replaced(f"images/{SHA256}", b"other"))


def test_an_image_that_the_manifest_does_not_list() -> None:
    name = f"images/{hashlib.sha256(b'more').hexdigest()}"

    assert "not those that the manifest lists" in refusal(replaced(name, b"more"))


def test_a_trace_with_another_value_in_it() -> None:
    """Right hashes, right structure, one bit of one event: the digest sees it."""
    parts = members()
    records = [r for r in _records(parts) if r.seq > 4096]
    forged = [records[0]._replace(value=99), *records[1:]]
    chunk = encode_chunk(pack_records(forged), hits_before=4096)
    parts[SECOND] = chunk.hot

    assert "the digest of these events is" in refusal(packed(parts))


def _records(parts: dict[str, bytes]) -> list[Record]:
    found = []
    for name in sorted(n for n in parts if n.endswith(".hot")):
        whole = decode_records(parts[name], parts[name[:-3] + "cold"])
        found += unpack_records(whole.tobytes())
    return found


def test_a_trace_with_a_gap() -> None:
    parts = {n: c for n, c in members(9000).items() if f"{4097:020d}" not in n}

    assert refusal(packed(parts)) == "events after 4096 are missing"


def test_a_trace_without_its_end() -> None:
    parts = {n: c for n, c in members().items() if f"{4097:020d}" not in n}

    assert refusal(packed(parts)) == "the last event does not say completed"


def test_no_trace_at_all() -> None:
    parts = {n: c for n, c in members().items() if not n.startswith("trace/")}

    assert "last event" in refusal(packed(parts))


def test_a_short_chunk_in_the_middle() -> None:
    parts = members(9000)
    records = [r for r in _records(parts) if r.seq <= 4095]
    chunk = encode_chunk(pack_records(records))
    parts |= {HOT: chunk.hot, COLD: chunk.cold}
    del parts[SIDE]

    assert "4096" in refusal(packed(parts))


def test_a_block_of_another_chunk() -> None:
    parts = members()
    parts[SECOND] = parts[HOT]

    assert "is no chunk" in refusal(packed(parts))


def test_a_run_that_was_cancelled_has_no_digest_and_holds() -> None:
    def cancel(told: dict) -> None:
        told["run"] |= {"outcome": "cancelled", "digest": ""}

    assert verify_bundle(with_manifest(cancel))["events"] == 5000


def test_a_digest_where_there_can_be_none() -> None:
    said = refusal(with_manifest(lambda m: m["run"].update(outcome="cancelled")))

    assert "has none" in said


def test_a_missing_digest_where_there_must_be_one() -> None:
    assert "has one" in refusal(with_manifest(lambda m: m["run"].update(digest="")))


@pytest.mark.parametrize("name", ["manifest.json", "annotations.json"])
@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000, b"7", b""])
def test_json_that_is_none(name: str, content: bytes) -> None:
    assert name in refusal(replaced(name, content))


@pytest.mark.parametrize(
    "line", [b"{}", b'{"do":"data","data":"zz"}', b'{"do":"open","cpu":-1}', b"["]
)
def test_a_command_that_is_none(line: bytes) -> None:
    assert refusal(replaced("commands.ndjson", line))


def test_a_run_that_was_parked_is_read() -> None:
    line = b'{"cpu":0,"retired":1,"seq":1,"do":"park"}'

    [told] = verify_bundle(replaced("commands.ndjson", line))["commands"]

    assert told["do"] == "park"


def test_the_job_answers_a_refusal() -> None:
    answer = handle(b"hello")

    assert answer["ok"] is False
    assert answer["error"]["code"] == "invalid_bundle"


def test_the_job_reads_the_programs() -> None:
    answer = handle(WHOLE)

    assert answer["ok"], answer
    assert answer["bundle"]["images"][0]["symbols"] == {"_start": "0x401000"}


def test_the_job_refuses_a_program_that_cannot_be_loaded() -> None:
    answer = handle(with_manifest(lambda m: m["images"][0].update(kind="elf64")))

    assert answer["error"]["field"] == f"images/{SHA256}"


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(
    at=st.integers(0, len(WHOLE) - 1),
    bits=st.integers(1, 255),
    cut=st.none() | st.integers(0, len(WHOLE)),
)
def test_no_changed_byte_passes_or_crashes(at: int, bits: int, cut: int | None) -> None:
    """Only bytes that mean nothing (times, attributes in ZIP's headers) may differ; then
    what comes out is the same."""
    data = bytearray(WHOLE)
    data[at] ^= bits
    try:
        found = verify_bundle(bytes(data[:cut]))
    except BundleError:
        return
    assert found == verify_bundle(WHOLE)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
_PATHS = [
    *(
        ("run", name)
        for name in ("id", "number", "outcome", "digest", "codec", "label")
    ),
    *(("run", name) for name in ("started_at", "emulator", "recipe")),
    *((name,) for name in ("run", "from", "session", "images", "format", "version")),
    ("images", 0),
    *(("images", 0, name) for name in ("sha256", "kind", "symbols", "source")),
]


@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(_PATHS), value=_JSON)
def test_no_manifest_crashes(path: tuple, value: object) -> None:
    parts = members(50)
    told = json.loads(parts["manifest.json"])
    place = told
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    parts["manifest.json"] = json.dumps(told).encode()

    answer = handle(packed(parts))

    assert answer["ok"] or answer["error"]["code"] == "invalid_bundle"


# Remarks.


def remarks(*changes: dict) -> bytes:
    """A bundle with one remark for each change."""
    return replaced(
        "annotations.json",
        json.dumps([annotation() | each for each in changes]).encode(),
    )


def test_a_remark_has_its_part_answers_and_earlier_texts() -> None:
    earlier = [{"body": "before", "replaced_at": "2026-11-01T12:00:00+00:00"}]
    part = {"address": "0x402000", "length": 4}

    found = verify_bundle(remarks(part, {"answers": 0, "earlier": earlier}))

    told = found["annotations"]
    assert (told[0]["address"], told[0]["length"]) == ("0x402000", 4)
    assert (told[1]["answers"], told[1]["earlier"]) == (0, earlier)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([{"bit": 64}], "bit: a whole number from 0 to 63"),
        ([{"length": -1}], "length"),
        ([{"slot": 4}], "slot"),
        ([{"cpu": 256}], "cpu"),
        ([{"address": 4}], "address"),
        ([{"address": "0x" + "f" * 17}], "address"),
        ([{"answers": 0}], "remark 0: answers 0"),
        ([{"answers": 1}, {}], "remark 0: answers 1"),
        ([{}, {"answers": 0}, {"answers": 1}], "remark 2: answers 1"),
        ([{"earlier": [{}]}], "earlier"),
        ([{"earlier": [{"body": "x"}] * 101}], "earlier: a list of at most 100"),
    ],
)
def test_a_remark_that_makes_no_sense_is_refused(
    changes: list[dict], said: str
) -> None:
    assert said in refusal(remarks(*changes))
