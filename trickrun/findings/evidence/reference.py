"""What learners without a training loop score on a run's validation part."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """Their values of a metric of which more is better.

    Args:
        metric: its name.
        linear: of ridge regression on scaled inputs.
        trees: of randomized trees.
        error: the standard error of ``linear``, by the number of samples.
        fitted: how many training samples they were fitted to.
    """

    metric: str
    linear: float
    trees: float
    error: float
    fitted: int
