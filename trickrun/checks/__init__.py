"""The steps of the checklist: each asks a subject for fresh jobs, measures and judges."""
