"""Benchmarks: ``python3 manage.py bench NAME``. Each figure is a ratio within one run.

Nothing here is a test: machines differ, ratios much less. Results: docs/performance.md.
"""
