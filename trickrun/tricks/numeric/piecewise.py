from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.params import TwoOrMore
from trickrun.tricks.numeric._numeric import BINARY, Numeric, different_values

if TYPE_CHECKING:
    import torch
    from torch import nn


class Piecewise(Numeric):
    """Each number becomes how far it has come through each of its bins, between quantiles.

    Formula: entry t of x is (x - b[t-1]) / (b[t] - b[t-1]), at least 0 but for the first bin, at
        most 1 but for the last; b are the quantiles 0, 1/T, …, 1 of the training split, each value
        once.
    When: tables whose features act with steps and bends, or have long tails; as trees cut them.
    Defaults: 48 bins, as the authors' package rtdl_num_embeddings; at most one fewer than the
        feature has different values. A feature with at most 2 different values, such as a 0/1
        feature, passes as it is.
    Interactions: bins are of normalized values, which moves no sample to another bin.
    Source: Gorishniy et al. 2022, On Embeddings for Numerical Features in Tabular Deep Learning,
        arXiv:2203.05556, equation 1, with bins from quantiles.
    """

    main: ClassVar[str | None] = "bins"

    kind: Literal["piecewise"] = "piecewise"
    bins: TwoOrMore = Field(default=48, description="at most, of each feature")

    def sizes(self, x: torch.Tensor) -> tuple[int, ...]:
        counts = different_values(x)
        return tuple(
            0 if count <= BINARY else len(edges(column, min(self.bins, count - 1))) - 1
            for count, column in zip(counts, x.unbind(1), strict=True)
        )

    def encoder(self, x: torch.Tensor, sizes: tuple[int, ...], seed: int) -> nn.Module:
        import torch

        from trickrun.nn.columns import PiecewiseLinear

        if self.sizes(x) == sizes:
            found = [
                edges(column, min(self.bins, count - 1))
                for count, column in zip(different_values(x), x.unbind(1), strict=True)
            ]
        else:
            # A stand-in's samples: the run brings its own edges.
            found = [torch.arange(size + 1, dtype=x.dtype) for size in sizes]
        return PiecewiseLinear(found)


def edges(column: torch.Tensor, bins: int) -> torch.Tensor:
    """Return the different quantiles 0, 1/bins, …, 1 of values [N], at least two of them, in their
    type."""
    import numpy as np
    import torch

    values = column.double().cpu().numpy()
    found = torch.from_numpy(np.quantile(values, np.linspace(0, 1, bins + 1)))
    different: torch.Tensor = torch.unique(found.to(column.dtype))
    return different
