"""Losses that another tool logged: CSV, JSON, TensorBoard's event files."""
