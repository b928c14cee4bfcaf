from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from trickrun.data.normalizers._normalizer import Normalize, Scaler

if TYPE_CHECKING:
    import torch


class NoNormalize(Normalize):
    """Leave the inputs as they are: images stay 0 to 255.

    Formula: x.
    When: inputs that are scaled already.
    Defaults: none.
    Source: none.
    """

    kind: Literal["none"] = "none"

    def fit(self, x: torch.Tensor, rows: torch.Tensor | None = None) -> Scaler:
        return Scaler()
