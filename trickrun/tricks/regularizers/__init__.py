"""The regularizers that a recipe can declare: a mapping from trick to parameters."""

from __future__ import annotations

from pydantic import Field, model_validator

from trickrun.params import Params
from trickrun.tricks.regularizers.averaging import Averaging
from trickrun.tricks.regularizers.base import Penalty
from trickrun.tricks.regularizers.cutmix import CutMix
from trickrun.tricks.regularizers.dropconnect import DropConnect
from trickrun.tricks.regularizers.dropout import Dropout
from trickrun.tricks.regularizers.elastic_net import ElasticNet
from trickrun.tricks.regularizers.ema import EMA
from trickrun.tricks.regularizers.gradient_noise import GradientNoise
from trickrun.tricks.regularizers.l1 import L1
from trickrun.tricks.regularizers.l2 import L2
from trickrun.tricks.regularizers.label_smoothing import LabelSmoothing
from trickrun.tricks.regularizers.max_norm import MaxNorm
from trickrun.tricks.regularizers.mixing import Mixing
from trickrun.tricks.regularizers.mixup import Mixup
from trickrun.tricks.regularizers.sam import SAM
from trickrun.tricks.regularizers.spatial_dropout import SpatialDropout
from trickrun.tricks.regularizers.stochastic_depth import StochasticDepth
from trickrun.tricks.regularizers.swa import SWA


class Regularizers(Params):
    """Tricks that trade a little fit on the training data for a better fit elsewhere."""

    dropout: Dropout | None = Field(default=None, description="zero random hidden units")
    spatial_dropout: SpatialDropout | None = Field(
        default=None, description="zero random channels of hidden images"
    )
    dropconnect: DropConnect | None = Field(default=None, description="zero random weights")
    stochastic_depth: StochasticDepth | None = Field(
        default=None, description="skip random residual branches"
    )
    l2: L2 | None = Field(default=None, description="penalty on squared weights")
    l1: L1 | None = Field(default=None, description="penalty on absolute weights")
    elastic_net: ElasticNet | None = Field(default=None, description="l1 and l2 mixed")
    label_smoothing: LabelSmoothing | None = Field(default=None, description="softer targets")
    mixup: Mixup | None = Field(default=None, description="train on mixtures of two samples")
    cutmix: CutMix | None = Field(default=None, description="paste boxes of other images")
    gradient_noise: GradientNoise | None = Field(default=None, description="noisy gradients")
    sam: SAM | None = Field(default=None, description="step by the worst gradient nearby")
    max_norm: MaxNorm | None = Field(default=None, description="bound each unit's weights")
    ema: EMA | None = Field(default=None, description="evaluate a moving average of the weights")
    swa: SWA | None = Field(default=None, description="evaluate the mean of the last weights")

    @model_validator(mode="after")
    def _one_average(self) -> Regularizers:
        if self.ema is not None and self.swa is not None:
            raise ValueError("ema and swa both say which weights are evaluated; give one of them")
        return self

    @property
    def penalties(self) -> tuple[Penalty, ...]:
        """The declared penalties, also those whose strength is 0."""
        return tuple(p for p in (self.l2, self.l1, self.elastic_net) if p is not None)

    @property
    def mixing(self) -> tuple[Mixing, ...]:
        """The declared tricks that mix samples, those of strength 0 left out."""
        return tuple(m for m in (self.mixup, self.cutmix) if m is not None and not m.off)

    @property
    def averaging(self) -> Averaging | None:
        """The declared average of the weights; None if its strength is 0."""
        declared = self.ema or self.swa
        return None if declared is None or declared.off else declared


__all__ = [
    "EMA",
    "L1",
    "L2",
    "SAM",
    "SWA",
    "Averaging",
    "CutMix",
    "DropConnect",
    "Dropout",
    "ElasticNet",
    "GradientNoise",
    "LabelSmoothing",
    "MaxNorm",
    "Mixing",
    "Mixup",
    "Penalty",
    "Regularizers",
    "SpatialDropout",
    "StochasticDepth",
]
