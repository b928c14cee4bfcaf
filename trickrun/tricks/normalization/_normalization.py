"""What every normalization shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.findings.words import counted
from trickrun.params import KindFolder, Params

if TYPE_CHECKING:
    from torch import nn

PLACED = "is_recipes_normalization"
"""The attribute of a module by which a layer that ``place`` made is found in a model."""


class Normalization(Params):
    """What models and the compiler ask of every kind.

    One that is layers is a NormalizationLayer, one that changes weights a WeightNormalization.
    """

    subtracts_mean: ClassVar[bool] = False
    """Whether a constant added to each channel is removed again, so a bias before it is useless."""

    over_samples: ClassVar[bool] = False
    """Whether its statistics are taken over the samples of a batch, so that few are noise."""

    keeps_scale: ClassVar[bool] = False
    """Whether the size of what comes in does not matter, because it is divided out."""

    least_units: ClassVar[int] = 0
    """Units of a fully connected layer up to which nothing but a sign is left of each sample."""

    @property
    def before_activation(self) -> bool:
        """Whether its layers stand right before the hidden activations."""
        return True

    def layer(self, features: int, dims: int) -> nn.Module | None:
        """Return the layer for inputs [N, features] (``dims`` 0) or [N, features, *spatial].

        Args:
            features: number of features or channels.
            dims: number of spatial dimensions, 0 to 2.
        """
        return None

    def place(self, features: int, dims: int) -> nn.Module | None:
        """Return the layer as a model places it, by which ``places`` counts it; see ``layer``."""
        layer = self.layer(features, dims)
        if layer is not None:
            setattr(layer, PLACED, True)
        return layer

    def places(self, model: nn.Module) -> int:
        """Return how many places in ``model`` it acts on."""
        return sum(getattr(module, PLACED, False) for module in model.modules())

    def places_in_words(self, count: int) -> str:
        """Return what ``count`` places are, for the ledger."""
        return counted(count, "layer")

    @property
    def recalibrates(self) -> bool:
        """Whether its statistics of the training data are taken anew before each evaluation."""
        return False

    def normalize_weights(self, model: nn.Module, seed: int) -> None:
        """Change how the initialized ``model`` computes its weights; most kinds change nothing."""


class WeightNormalization(Normalization):
    """A kind that computes weights from others in place of normalizing what layers put out."""

    def places(self, model: nn.Module) -> int:
        from torch.nn.utils.parametrize import is_parametrized

        return sum(is_parametrized(module, "weight") for module in model.modules())

    def places_in_words(self, count: int) -> str:
        return f"the weights of {counted(count, 'layer')}"


class NormalizationLayer(Normalization):
    """Parameters that every kind takes which is a layer of its own."""

    placement: Literal["before_activation", "after_activation"] = Field(
        default="before_activation", description="where it stands around each hidden activation"
    )

    @property
    def before_activation(self) -> bool:
        return self.placement == "before_activation"


NORMALIZATIONS = KindFolder("trickrun.tricks.normalization", "_normalization.Normalization")

AnyNormalization = Annotated[Normalization, NORMALIZATIONS]
"""One of the normalizations, chosen by its kind."""
