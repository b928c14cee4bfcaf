"""How often Python looks for garbage: rarely while a command imports, which makes none.

By its usual thresholds Python searches thousands of times while torch and the recipe's classes are
imported, a tenth of what the imports take.
"""

from __future__ import annotations

import gc

USUAL = gc.get_threshold()
RARE = (100_000, 50, 100)


def collect_rarely() -> None:
    """Look for garbage rarely, until ``collect_as_usual``."""
    gc.set_threshold(*RARE)


def collect_as_usual() -> None:
    """Look for garbage as Python usually does, because tensors may be in it from now on.

    What has been imported is not searched again. It does nothing unless ``collect_rarely`` came
    before.
    """
    if gc.get_threshold() == RARE:
        gc.freeze()
        gc.set_threshold(*USUAL)


def leave_garbage() -> None:
    """Look for none at the end of this process, as its memory goes back to the system as a whole.

    Python looks several times, which is a seventh of what a command takes that only reads a recipe.
    It does nothing once ``collect_as_usual`` was called: a recipe's own code may count on it.
    """
    if gc.get_threshold() == RARE:
        gc.freeze()
