"""Watches a training program that knows nothing of trickrun, and changes no number of it."""

EVERY = 100
"""Backward passes between two looks, unless the user says otherwise. It stands here, where nothing
else is imported, because the command line shows it."""
