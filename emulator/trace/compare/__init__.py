"""Comparison of two recorded runs (decisions D12, docs/compare.md). Pure: no machine."""
