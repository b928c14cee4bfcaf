"""What a command does, on the command line as in Python: measure, record in a run folder, print."""
