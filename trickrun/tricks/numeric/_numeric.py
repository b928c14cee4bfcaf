"""What every encoding of a table's numbers shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from trickrun.params import KindFolder, Params

if TYPE_CHECKING:
    import torch
    from torch import nn

BINARY = 2
"""Different values up to which a number passes as it is: two values are one line's two ends, which
the first layer draws by itself."""


class Numeric(Params):
    """What models ask of every kind."""

    @property
    def off(self) -> bool:
        """Whether all numbers pass as they are."""
        return False

    def sizes(self, x: torch.Tensor) -> tuple[int, ...]:
        """Return how many numbers are made of each feature; 0: it passes as it is.

        Args:
            x: the training inputs [N, features] as the network gets them.
        """
        raise NotImplementedError

    def encoder(self, x: torch.Tensor, sizes: tuple[int, ...], seed: int) -> nn.Module:
        """Return what makes [N, the sum of ``sizes``] of numbers [N, features].

        What it takes from ``x`` is in its state, which a trained run brings along.

        Args:
            x: the training inputs [N, features], only those that do not pass. Of a run that is
                opened again they are a stand-in's.
            sizes: what ``sizes`` returned for them, in training.
            seed: the recipe's; what is drawn comes from its stream "init".
        """
        raise NotImplementedError


def different_values(x: torch.Tensor) -> list[int]:
    """Return how many different values each feature of [N, features] has."""
    import torch

    return [len(torch.unique(column)) for column in x.unbind(1)]


NUMERICS = KindFolder("trickrun.tricks.numeric", "_numeric.Numeric")

AnyNumeric = Annotated[Numeric, NUMERICS]
"""One of the encodings, chosen by its kind."""
