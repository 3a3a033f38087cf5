"""Whatever a client sends: nothing raises, nothing grows, and the next packet is heard."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.gdbstub.packet import Framer, Framing, encode, escape, unescape
from emulator.tests.gdbstub.fuzzing import corpus, survives

LIMIT = 32
KERNEL = Framing(LIMIT, dollar_restarts=False, refuses_too_long=False)
MODERN = Framing(LIMIT, dollar_restarts=True, refuses_too_long=True)
QUIET = settings(max_examples=300, deadline=None, derandomize=True, database=None)

#: Bytes that mean something are more likely than others.
line_noise = st.lists(
    st.one_of(
        st.sampled_from([b"$", b"#", b"+", b"-", b"\x03", b"}", b"67"]),
        st.binary(max_size=LIMIT),
    ),
    max_size=20,
).map(b"".join)

number = st.one_of(
    st.sampled_from([b"", b"0", b"-1", b"22", b"1000", b"ffffffffa0002600", b"1" * 20]),
    st.integers(0, (1 << 64) - 1).map(lambda n: b"%x" % n),
)
NAMES = (
    *(bytes((letter,)) for letter in b"?!cCDgGHkmMpPRsSTxXzZ"),
    *(b"Z0,", b"Z1,", b"Z2,", b"z2,", b"Hg", b"Hc", b"C0", b"P0="),
    *(b"qC", b"qRcmd,", b"qSupported:", b"qXfer:", b"qXfer:threads:read::"),
    *(b"qXfer:features:read:target.xml:", b"qfThreadInfo", b"qsThreadInfo"),
    *(b"qThreadExtraInfo,", b"qAttached", b"QStartNoAckMode"),
    *(b"vCont?", b"vCont;c", b"vCont;s:", b"vCont;C05:", b"vKill;"),
)
SEPARATORS = [b",", b":", b";", b"=", b"", b";X", b"+;"]
arguments = st.lists(
    st.one_of(number, st.sampled_from(SEPARATORS), st.binary(max_size=8)), max_size=8
).map(b"".join)
command = st.builds(bytes.__add__, st.sampled_from(NAMES), arguments)
traffic = st.lists(
    st.one_of(
        command.map(encode),
        command.map(lambda c: encode(c) + b"+"),
        st.binary(max_size=40).map(encode),
        line_noise,
    ),
    max_size=12,
).map(b"".join)


def everything(framer: Framer) -> list[bytes]:
    """The packets that are there."""
    found = []
    while (received := framer.take_packet()) is not None:
        if received.problem is None:
            found.append(received.data)
    return found


@QUIET
@given(line_noise, st.lists(st.integers(1, 20)))
def test_a_packet_behind_noise_arrives(noise: bytes, cuts: list[int]) -> None:
    """At once where '$' restarts; the kernel may need it twice."""
    for framing, copies in ((MODERN, 1), (KERNEL, 2)):
        framer = Framer(framing)
        for size in cuts:
            framer.push(noise[:size])
            everything(framer)
            noise = noise[size:]
        framer.push(noise)
        everything(framer)
        assert framer.size <= LIMIT + 3

        framer.push(encode(b"qC") * copies)

        assert everything(framer)[-1:] == [b"qC"]


@QUIET
@given(st.binary(max_size=LIMIT // 2), st.integers(1, LIMIT))
def test_binary_data_survives_the_way(data: bytes, piece: int) -> None:
    for framing in (KERNEL, MODERN):
        framer = Framer(framing)
        framed = encode(escape(data))
        found = []
        for start in range(0, len(framed), piece):
            framer.push(framed[start : start + piece])
            found += everything(framer)

        assert [unescape(one) for one in found] == [data]


@QUIET
@given(st.binary())
def test_unescape_never_grows(data: bytes) -> None:
    assert len(unescape(data)) <= len(data)


@QUIET
@given(st.integers(0, 3), st.integers(0, 255), traffic)
def test_no_traffic_breaks_the_stub(face: int, piece: int, data: bytes) -> None:
    assert survives(bytes((face, piece)) + data)


@QUIET
@given(st.integers(0, 3), st.integers(0, 255), st.binary(max_size=3000))
def test_no_bytes_break_the_stub(face: int, piece: int, data: bytes) -> None:
    assert survives(bytes((face, piece)) + data)


@pytest.mark.parametrize("name", sorted(corpus()))
def test_the_corpus(name: str) -> None:
    assert survives(corpus()[name])
