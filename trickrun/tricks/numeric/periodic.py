from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import Count, Positive
from trickrun.tricks.numeric._numeric import BINARY, Numeric, different_values

if TYPE_CHECKING:
    import torch
    from torch import nn


class Periodic(Numeric):
    """Each number becomes sines and cosines of learned frequencies, then a small layer of its own.

    Formula: relu(W [sin(2 pi c x), cos(2 pi c x)] + b) with c ~ N(0, sigma), W and b of each
        feature; c, W and b are trained.
    When: the answer turns often along a feature; tables where plain numbers leave trees ahead.
    Defaults: 48 frequencies and 24 features, as the authors' package rtdl_num_embeddings; sigma
        0.1, as RealMLP (Holzmüller et al. 2024, Better by Default). With the package's 0.01 the
        cosines hardly move at first, so that half of the relu units start dead. sigma matters most:
        search it between 0.01 and 10. A feature with at most 2 different values, such as a 0/1
        feature, passes as it is.
    Interactions: sigma is in periods per unit of the normalized number. init fills W as any layer.
    Source: Gorishniy et al. 2022, On Embeddings for Numerical Features in Tabular Deep Learning,
        arXiv:2203.05556, periodic activations, there called PLR.
    """

    main: ClassVar[str | None] = "sigma"

    kind: Literal["periodic"] = "periodic"
    sigma: Positive = Field(
        default=0.1, description="initial standard deviation of the frequencies"
    )
    frequencies: Count = Field(default=48, description="of each feature")
    features: Count = Field(default=24, description="numbers that each feature becomes")

    def sizes(self, x: torch.Tensor) -> tuple[int, ...]:
        return tuple(self.features if count > BINARY else 0 for count in different_values(x))

    def encoder(self, x: torch.Tensor, sizes: tuple[int, ...], seed: int) -> nn.Module:
        from collections import OrderedDict

        import torch
        from torch import nn

        from trickrun.nn import columns
        from trickrun.nn.rng import generator

        count = len(sizes)
        drawn = torch.empty(count, self.frequencies).normal_(
            0.0, self.sigma, generator=generator(seed, "init", "frequencies")
        )
        return nn.Sequential(
            OrderedDict(
                periodic=columns.Periodic(drawn),
                linear=columns.FeatureLinear(count, 2 * self.frequencies, self.features),
                relu=nn.ReLU(),
            )
        )
