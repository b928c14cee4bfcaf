"""Data sets: one file a kind, and how they become splits of normalized batches."""
