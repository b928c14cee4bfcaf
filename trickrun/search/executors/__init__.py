"""How trials are trained: in worker processes, or stacked into one program."""
