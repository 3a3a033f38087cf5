"""Guest programs that several tests run."""

from __future__ import annotations


def counting(writes: int) -> str:
    """An assembler source that writes the 8 bytes at counter so many times."""
    return f"""\
\t.globl\t_start
_start:
\tmov\t${writes}, %ecx
again:
\taddq\t$1, counter(%rip)
\tloop\tagain
\tmov\t$60, %eax
\txor\t%edi, %edi
\tsyscall
\t.data
\t.balign\t8
counter:
\t.quad\t0
"""
