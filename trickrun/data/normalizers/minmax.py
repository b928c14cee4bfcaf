from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from trickrun.data.normalizers._normalizer import (
    Normalize,
    Scaler,
    chunks,
    rounding,
    scaler,
    statistics_axes,
)

if TYPE_CHECKING:
    import torch


class MinMax(Normalize):
    """Map every feature to 0..1 on the training split.

    Formula: (x - min) / (max - min); a feature that is constant in training gets scale 1.
    When: bounded inputs such as pixels.
    Defaults: per auto is by feature for tables and by channel for images.
    Source: sklearn.preprocessing.MinMaxScaler.
    """

    kind: Literal["minmax"] = "minmax"
    per: Literal["auto", "feature", "channel"] = Field(
        default="auto",
        description="the parts with statistics of their own; auto: channel for images",
    )

    def fit(self, x: torch.Tensor, rows: torch.Tensor | None = None) -> Scaler:
        import torch

        axes = statistics_axes(x, self.per)
        pairs = [
            (chunk.amin(dim=axes, keepdim=True)[0], chunk.amax(dim=axes, keepdim=True)[0])
            for chunk in chunks(x, rows)
        ]
        low = torch.stack([low for low, _ in pairs]).amin(0).double()
        high = torch.stack([high for _, high in pairs]).amax(0).double()
        return scaler(low, high - low, rounding(x))
