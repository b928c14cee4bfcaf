"""What `initial-loss` measured, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

EXACT = 1e-3
"""How closely probabilities sum to 1 in half precision and better."""

SUMMED = 1.8
"""A batch's loss over that of its halves: 1 for a mean and 2 for a sum, the rest is noise."""


@dataclass(frozen=True)
class InitialLoss:
    """What `initial-loss` measured, as plain data: medians over the seeds.

    Args:
        task: what the data asks for.
        outputs: outputs of the network.
        loss_kind, reduction, batch_size, head_activation, init: the kinds and values used; the
            head's activation is None for a user's own model, whose layers are not known.
        takes: what the loss takes, as in facts.LossFacts.
        equal_weights: whether the init makes all weights of a layer one number.
        own_head, own_head_bias: whether the last layer has an init of its own, and in it a bias.
        loss: as it is minimized.
        expected, tolerance, limit: the constant's loss, the distance from it that is normal, and
            the one from which on the start is a fault.
        normal_size: the size of outputs that ``tolerance`` allows for.
        bias_loss, uniform_loss, best_loss: the loss of the head's constant, of zeros, and of the
            best constant (None where it has no closed form).
        best: the best constant, if there is one.
        target_low, target_high, target_size: of values: range, and root mean square about the
            head's constant.
        scaled_targets: whether data.scale_targets has been at work on them.
        doubling, loss_floor, output_size, output_low, output_high, row_sum_error, exp_sum_error,
            input_size, feature_size, feature_spread: see checks.initial_measure.Measured.
    """

    task: Literal["classification", "regression", "multilabel"]
    outputs: int
    loss_kind: str
    reduction: str
    batch_size: int
    head_activation: str | None
    init: str
    loss: float
    expected: float
    tolerance: float
    limit: float
    normal_size: float
    bias_loss: float
    uniform_loss: float
    best_loss: float | None
    doubling: float
    loss_floor: float
    output_size: float
    output_low: float
    output_high: float
    row_sum_error: float
    exp_sum_error: float
    input_size: float
    feature_size: float
    feature_spread: float
    best: tuple[float, ...] | None = None
    target_low: float = 0.0
    target_high: float = 0.0
    target_size: float = 0.0
    scaled_targets: bool = False
    takes: str | None = None
    equal_weights: bool = False
    own_head: bool = False
    own_head_bias: bool = False
    zero_inputs: bool = False

    @property
    def per_sample(self) -> float:
        """The loss as a mean over samples, whatever the reduction."""
        return self.loss / self.batch_size if self.doubling > SUMMED else self.loss

    @property
    def too_high(self) -> bool:
        return self.per_sample > self.expected + self.tolerance

    @property
    def too_large(self) -> bool:
        return self.output_size > self.normal_size

    @property
    def probabilities(self) -> bool:
        """Whether every output is a probability, and each sample's sum to 1 if there are several.

        A single output, or those of labels, are such only where the head is known: small logits lie
        between 0 and 1 too.
        """
        if self.outputs == 1 or self.task == "multilabel":
            return self.head_activation in ("sigmoid", "hard_sigmoid", "softmax")
        inside = self.output_low >= -EXACT and self.output_high <= 1 + EXACT
        return inside and self.row_sum_error < EXACT
