"""The GDB remote serial protocol without a transport: bytes in, bytes out.

A :class:`Stub` speaks through a face for a :class:`StubTarget`. Two faces: faithful, the
stub of a kernel of some era with all its limits, and full, what a gdb of today wants.
docs/gdb-protocol.md states both packet by packet.
"""
