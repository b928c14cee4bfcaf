"""Broken builds: each takes one check away, and the attack must then find something."""

from __future__ import annotations

import operator
from typing import Any


def no_problems() -> None:
    """What is wrong with a recipe's values is no longer told."""
    from trickrun.recipe import load

    # Nothing of this file may be in the traceback, or it would be taken for a user's own code.
    load.complaints = operator.getitem


def all_pickles() -> None:
    """Checkpoints are loaded with whatever is in them."""
    import torch

    load = torch.load

    def careless(*args: Any, **options: Any) -> Any:
        return load(*args, **{**options, "weights_only": False})

    torch.load = careless


def slow() -> None:
    """Reading a recipe never ends."""
    from trickrun.recipe import load

    def forever(*args: Any) -> Any:
        while True:
            pass

    load.read_chain = forever


def greedy() -> None:
    """Reading a recipe takes all memory."""
    from trickrun.recipe import load

    kept = []

    def more(*args: Any) -> Any:
        while True:
            kept.append(b"x" * 2**26)

    load.read_chain = more


def dies() -> None:
    """Reading a recipe ends the process."""
    import os

    from trickrun.recipe import load

    load.read_chain = lambda *args: os.abort()
