"""Emulated x86-64 targets with the Linux hardware-breakpoint model. Knows nothing of the web."""

__version__ = "0.1.0"
