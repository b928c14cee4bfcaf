"""A run: what trains in a folder, goes on after a crash, and is read again later."""
