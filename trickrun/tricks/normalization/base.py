"""What every normalization layer shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import Params

if TYPE_CHECKING:
    from torch import nn


class Normalization(Params):
    """Parameters that every normalization takes beside its own."""

    subtracts_mean: ClassVar[bool] = False
    """Whether a constant added to each channel is removed again, so a bias before it is useless."""

    placement: Literal["before_activation", "after_activation"] = Field(
        default="before_activation", description="where it stands around each hidden activation"
    )

    def layer(self, features: int, dims: int) -> nn.Module | None:
        """Return the layer for inputs [N, features] (``dims`` 0) or [N, features, *spatial].

        Args:
            features: number of features or channels.
            dims: number of spatial dimensions, 0 to 2.
        """
        raise NotImplementedError
