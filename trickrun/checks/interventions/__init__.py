"""Interventions: what could be changed, trainings with the change, and the fewest that are needed.

`overfit-batch` and `diagnose` both search this way. What they train, and what counts as good
enough, is their own.
"""
