from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.params import Positive, Stackable
from trickrun.tricks.init._init import Init

if TYPE_CHECKING:
    import torch


class Identity(Init):
    """Each layer starts by handing on its input: ones on the diagonal, zeros elsewhere.

    Formula: W = scale * I; a convolution hands each channel on by the middle of its kernel.
    When: recurrent networks of ReLU units (``recurrent: identity``), which then remember for long;
        deep linear or residual networks. Units beyond the number of inputs start at zero.
    Defaults: scale 1, as in the paper; below 1 the network forgets.
    Interactions: layers of equal rows learn nothing alone: in the head it says that the first
        features are the classes.
    Source: Le et al. 2015, A Simple Way to Initialize Recurrent Networks of Rectified Linear Units,
        arXiv:1504.00941; torch.nn.init.eye_ and dirac_.
    """

    kind: Literal["identity"] = "identity"
    scale: Annotated[Positive, Stackable()] = Field(default=1.0, description="on the diagonal")

    def fill(self, weight: torch.Tensor, gain: float, generator: torch.Generator) -> None:
        from torch.nn import init

        init.eye_(weight) if weight.ndim == 2 else init.dirac_(weight)
        weight.mul_(self.scale)
