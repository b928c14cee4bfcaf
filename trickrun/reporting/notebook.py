"""Pictures in a notebook, below what is printed."""

from __future__ import annotations

import sys
from collections.abc import Mapping


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return type(shell).__name__ == "ZMQInteractiveShell"


def show_pictures(drawn: Mapping[str, str]) -> None:
    """Show pictures, SVG by file name, in a notebook; elsewhere nothing happens."""
    if not in_notebook():
        return
    for picture in drawn.values():
        # IPython has been imported by the notebook; trickrun does not need it.
        sys.modules["IPython"].display.display({"image/svg+xml": picture}, raw=True)
