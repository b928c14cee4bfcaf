"""trickrun: a recipe declares the training tricks, a command runs a step of the checklist."""

__version__ = "0.1.0"
