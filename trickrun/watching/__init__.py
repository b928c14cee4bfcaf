"""Watches a training program that knows nothing of trickrun, and changes no number of it."""
