"""``python -m trickrun``."""

from trickrun.cli import main

main()
