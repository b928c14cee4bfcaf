"""Trials of one shape that train together as one program."""
