from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from trickrun.data.normalizers._normalizer import (
    Normalize,
    Scaler,
    mean_and_std,
    rounding,
    scaler,
    statistics_axes,
)

if TYPE_CHECKING:
    import torch


class Standard(Normalize):
    """Give every feature mean 0 and standard deviation 1 on the training split.

    Formula: (x - mean) / std; a feature that is constant in training gets scale 1 and is listed.
    When: almost always.
    Defaults: per auto is by feature for tables and by channel for images, because a border pixel
        that is almost always 0 has a tiny deviation and would blow up rare values.
    Source: LeCun et al. 1998, Efficient BackProp.
    """

    kind: Literal["standard"] = "standard"
    per: Literal["auto", "feature", "channel"] = Field(
        default="auto",
        description="the parts with statistics of their own; auto: channel for images",
    )

    def fit(self, x: torch.Tensor, rows: torch.Tensor | None = None) -> Scaler:
        mean, std = mean_and_std(x, statistics_axes(x, self.per), rows)
        return scaler(mean, std, rounding(x))
