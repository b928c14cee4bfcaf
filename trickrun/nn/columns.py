"""The columns of a table on their way into a network: numbers encoded, categories as vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn


class ColumnEncoder(nn.Module):
    """From samples [N, columns] to what the first layer gets, [N, width].

    First come the numbers that pass as they are, then those that ``numeric`` encodes, then the
    vectors of the categories, in the order of their columns.

    Args:
        rows: of each column, the rows of its embedding; 0 for numbers.
        features: of each column of categories, the entries of its vectors.
        sizes: of each column of numbers, how many ``numeric`` makes of it; 0: it passes as it is.
        numeric: from the encoded numbers [N, encoded] to [N, the sum of ``sizes``]; None: all pass.
    """

    passed: torch.Tensor
    encoded: torch.Tensor
    indices: torch.Tensor

    def __init__(
        self,
        rows: Sequence[int],
        features: Sequence[int],
        sizes: Sequence[int] = (),
        numeric: nn.Module | None = None,
    ) -> None:
        super().__init__()
        numbers = [place for place, count in enumerate(rows) if not count]
        self.sizes = tuple(sizes) or (0,) * len(numbers)
        passed = [n for n, size in zip(numbers, self.sizes, strict=True) if not size]
        encoded = [n for n, size in zip(numbers, self.sizes, strict=True) if size]
        places = {
            "passed": passed,
            "encoded": encoded,
            "indices": [place for place, count in enumerate(rows) if count],
        }
        for name, columns in places.items():
            found = torch.tensor(columns, dtype=torch.int64)
            self.register_buffer(name, found, persistent=False)
        self.numeric = numeric
        counts = [count for count in rows if count]
        self.embeddings = nn.ModuleList(map(nn.Embedding, counts, features))
        self.width = len(passed) + sum(self.sizes) + sum(features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = [x.index_select(1, self.passed)]
        if self.numeric is not None:
            parts.append(self.numeric(x.index_select(1, self.encoded)))
        indices = x.index_select(1, self.indices).long()
        parts += [
            layer(column) for layer, column in zip(self.embeddings, indices.unbind(1), strict=True)
        ]
        return torch.cat(parts, 1)


def encoder_of(model: nn.Module) -> ColumnEncoder | None:
    """Return what encodes the columns of a table in ``model``, if something does."""
    return next((part for part in model.modules() if isinstance(part, ColumnEncoder)), None)


class PiecewiseLinear(nn.Module):
    """Numbers [N, features] as how far they have come through the bins of each, [N, all bins].

    The entry of a bin from a to b is (x - a) / (b - a), at least 0 but in a feature's first bin,
    at most 1 but in its last.

    Args:
        edges: of each feature, the ends of its bins, rising: one more than it has bins.
    """

    feature: torch.Tensor
    low: torch.Tensor
    width: torch.Tensor
    least: torch.Tensor
    most: torch.Tensor

    def __init__(self, edges: Sequence[torch.Tensor]) -> None:
        super().__init__()
        bins = [len(each) - 1 for each in edges]
        place = torch.arange(len(bins)).repeat_interleave(torch.tensor(bins))
        self.register_buffer("feature", place, persistent=False)
        self.register_buffer("low", torch.cat([each[:-1] for each in edges]))
        self.register_buffer("width", torch.cat([each.diff() for each in edges]))
        least, most = torch.zeros_like(self.low), torch.ones_like(self.low)
        last = torch.tensor(bins).cumsum(0) - 1
        least[last - torch.tensor(bins) + 1] = -math.inf
        most[last] = math.inf
        self.register_buffer("least", least, persistent=False)
        self.register_buffer("most", most, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        come = (x.index_select(1, self.feature) - self.low) / self.width
        return come.maximum(self.least).minimum(self.most)


class Periodic(nn.Module):
    """Numbers [N, features] as sines and cosines of learned frequencies, [N, 2 features k].

    Of each feature x it is sin(2 pi c x) for its k frequencies c, then cos(2 pi c x).

    Args:
        frequencies: what c starts at, [features, k].
    """

    def __init__(self, frequencies: torch.Tensor) -> None:
        super().__init__()
        self.frequencies = nn.Parameter(frequencies)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        angles = 2 * math.pi * self.frequencies * x.unsqueeze(2)
        return torch.cat([angles.sin(), angles.cos()], 2).flatten(1)


class FeatureLinear(nn.Conv1d):
    """A linear layer for each feature: from [N, features * inputs] to [N, features * outputs].

    It is a convolution over one place with a group for each feature, so that everything that asks
    a layer for its fan-in or its weights is told those of one feature.
    """

    def __init__(self, features: int, inputs: int, outputs: int) -> None:
        super().__init__(features * inputs, features * outputs, 1, groups=features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.unsqueeze(2)).squeeze(2)
