"""What a training run shows of itself while it goes on, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

EARLY = 3
"""Steps at the beginning of a run that are all looked at."""


@dataclass(frozen=True)
class LayerLook:
    """One layer with weights at one training step.

    Args:
        name: the module's; from the second call of one module on, with the call's number.
        std: standard deviation of what leaves its activation, over the samples looked at.
        dead_fraction: units that are 0 for each of them.
        saturated_fraction: units of a bounded activation that are nearly always at an end of its
            range; 0 for others.
        gradient_norm: of the weights, as the optimizer used it; None if they have no gradient.
        update_ratio: norm of the step's change of the weights over their own; None if that is 0.
    """

    name: str
    std: float
    dead_fraction: float
    saturated_fraction: float
    gradient_norm: float | None
    update_ratio: float | None


@dataclass(frozen=True)
class Look:
    """All layers, in the order of the forward pass.

    Args:
        step: training steps done before; the gradient and the update are those of the next one.
    """

    step: int
    layers: tuple[LayerLook, ...]
