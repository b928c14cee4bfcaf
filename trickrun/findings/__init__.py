"""From evidence (plain data) to findings: pure functions that know no torch."""
