"""The full face: what a gdb of today wants. One file per family of packets.

A family is a table of names and handlers, and says what of it qSupported announces.
"""
