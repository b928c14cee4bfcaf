from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import DropProbability, Stackable
from trickrun.tricks.regularizers._regularizer import Regularizer

if TYPE_CHECKING:
    from torch import nn

    from trickrun.tricks.losses import Loss


class LabelSmoothing(Regularizer):
    """Take a little certainty from the targets, so that the network does not chase infinite logits.

    Formula: y' = (1 - epsilon) * one_hot(y) + epsilon / classes.
    When: classification with a large network or noisy labels.
    Defaults: epsilon 0.1, the value of the paper.
    Interactions: the training loss no longer goes to 0, its floor is the entropy of y'; it cannot
        be combined with a loss that has no class probabilities. 0/1 labels are mixed with 1/2.
    Source: Szegedy et al. 2016, Rethinking the Inception Architecture, arXiv:1512.00567;
        torch.nn.functional.cross_entropy.
    """

    ledger_order: ClassVar[int] = 20

    main: ClassVar[str | None] = "epsilon"

    usual_strength: ClassVar[float | None] = 0.1
    in_loss: ClassVar[bool] = True

    kind: ClassVar[Literal["label_smoothing"]] = "label_smoothing"
    epsilon: Annotated[DropProbability, Stackable()] = Field(
        default=0.1, description="share of each target that is spread evenly over all classes"
    )

    @property
    def doubt(self) -> float:
        return 0.9 if self.epsilon > 0.5 else 0.15

    @property
    def off(self) -> bool:
        return self.epsilon == 0

    @property
    def trains_alone(self) -> bool:
        return False

    def acts_on(self, model: nn.Module, loss: Loss) -> tuple[int, str]:
        return int(loss.takes_label_smoothing), f"the targets of {loss.kind_name}"
