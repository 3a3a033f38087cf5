"""Whose turn it is: a deterministic interleaving of CPUs from seed and quantum."""

from __future__ import annotations

from collections.abc import Iterator

from emulator.target.emulated import splitmix64


def slices(cpus: int, seed: int, quantum: int) -> Iterator[tuple[int, int]]:
    """(cpu, instructions) for ever: CPUs in turn, lengths jittered by the seed.

    Lengths are drawn from quantum/2 … 3*quantum/2 (at least 1); one CPU alone needs no
    jitter. Which slice comes next never depends on what happened in earlier ones.
    """
    if cpus == 1:
        while True:
            yield 0, quantum
    turn = 0
    low = max(1, quantum // 2)
    span = max(1, quantum + 1)
    while True:
        yield turn % cpus, low + splitmix64(seed << 20 ^ turn) % span
        turn += 1
