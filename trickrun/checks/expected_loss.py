"""How far the loss of an answer that ignores the input strays when the answer is drawn."""

from __future__ import annotations

from collections.abc import Callable

import torch

from trickrun.nn.rng import generator

DRAWS = 256


def typical_deviation(
    of: Callable[[torch.Tensor], float], center: torch.Tensor, std: float
) -> float:
    """Return the mean absolute change of a loss when the constant output is drawn at random.

    Args:
        of: a constant output [outputs] to its loss.
        center: the mean [outputs] of the drawn constants; ``std`` is their standard deviation.
    """
    draw = generator(0, "typical_deviation")
    noise = torch.randn((DRAWS, len(center)), generator=draw, dtype=torch.float64)
    base = of(center)
    return sum(abs(of(center + std * row) - base) for row in noise) / DRAWS
