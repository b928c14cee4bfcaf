"""Looks at a job's layers that change no bit of its training."""
