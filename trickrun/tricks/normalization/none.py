from __future__ import annotations

from typing import Literal

from trickrun.tricks.normalization._normalization import NormalizationLayer


class NoNormalization(NormalizationLayer):
    """No normalization layers.

    Formula: y = x.
    When: shallow networks, or where the init scheme alone keeps the signal's scale.
    Defaults: the default of the section, because a recipe should name the layers that it adds.
    Source: none.
    """

    kind: Literal["none"] = "none"

    def layer(self, features: int, dims: int) -> None:
        return None
