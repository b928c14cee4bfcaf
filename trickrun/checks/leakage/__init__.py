"""Whether a table's columns tell the target in a way that new samples will not have."""
