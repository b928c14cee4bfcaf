"""From evidence to findings: pure functions, a room for each kind of evidence."""
