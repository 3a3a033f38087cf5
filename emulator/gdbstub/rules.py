"""What the stub of one kernel does differently from that of another: a set of switches.

The defaults are the kernels recorded, 6.1.192 and 6.12.117. Facts without a release are
the same from 2.6.32 on. Source: kernel/debug/gdbstub.c (kernel/kgdb.c until 2.6.34).
"""

from __future__ import annotations

from dataclasses import dataclass

from emulator.gdbstub.hexadecimal import ThreadIdFormat


@dataclass(frozen=True, slots=True)
class FaithfulRules:
    """One kernel's stub."""

    thread_ids: ThreadIdFormat = ThreadIdFormat.MINIMAL
    """2.6.35 changed from WIDE to MINIMAL."""
    image_has_ds_es: bool = True
    """The g image ends with ds and es (156 bytes, by 4.9), not with ss (148)."""
    single_registers: bool = True
    """p and P are known: since 2.6.36."""
    rsi_shows_rdx: bool = False
    """The register table names the wrong field: 2.6.36 to at least 2.6.38."""
    sleeping_flags_cs_ss: bool = False
    """Of a sleeping task flags, cs and ss are filled in; later kernels write them to
    the wrong place and leave what the image held before. Until 2.6.35."""
    read_errno_kept: bool = False
    """A failed m says why (E14), not always E22. Until 2.6.35 at least."""
    reads_kernel_only: bool = True
    """copy_from_kernel_nofault refuses addresses outside the kernel's half with ERANGE;
    Z0 reads before it writes and says so (E34). Since 5.8."""
    query_mismatch_is_error: bool = False
    """qf…, qs… and qT… of another name are E22, not unknown. Until 2.6.33 at
    least, not in 2.6.35."""
    unknown_signal_continues: bool = True
    """C with a signal that kgdb does not know prints a message and continues: since
    2.6.35; 2.6.33 answered E22."""
    signal_is_read_as_address: bool = True
    """The C packet becomes a c packet where it lies, and its two digits are read as the
    address to continue at. Follows from the source of all releases, not recorded."""
