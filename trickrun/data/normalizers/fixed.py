from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trickrun.data.normalizers._normalizer import Normalize, Scaler, scaler, spread
from trickrun.params import Positive

if TYPE_CHECKING:
    import torch


class Fixed(Normalize):
    """Use a known mean and standard deviation, for example those of a pretrained model's data.

    Formula: (x - mean) / std, in the data's own unit (images: 0 to 255).
    When: the statistics must be those of another data set.
    Defaults: none.
    Source: none.
    """

    kind: Literal["fixed"] = "fixed"
    mean: float | Annotated[tuple[float, ...], Field(strict=False)] = Field(
        description="subtracted; one number, or one for each channel or feature", examples=[127.0]
    )
    std: Positive | Annotated[tuple[Positive, ...], Field(strict=False)] = Field(
        description="divided by; one number, or one for each channel or feature", examples=[128.0]
    )

    def fit(self, x: torch.Tensor, rows: torch.Tensor | None = None) -> Scaler:
        return scaler(spread(self.mean, x, "mean"), spread(self.std, x, "std"))
