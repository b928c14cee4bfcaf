from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.params import Params
from trickrun.tricks.ledger import Touch, counted

if TYPE_CHECKING:
    from torch import nn


class LayerDecay(Params):
    """A smaller learning rate the farther a layer is from the head.

    Formula: lr of the layer k below the head is lr * rate^k; the head's is lr.
    When: fine-tuning a pretrained network, whose early layers need the least change.
    Defaults: rate 0.75, as in BEiT's and MAE's fine-tuning; ULMFiT takes 1/2.6.
    Interactions: multiplies with the schedule and with lr_scale. A residual or transformer block is
        one layer; a normalization belongs to the layer before it.
    Source: Howard & Ruder 2018, ULMFiT, arXiv:1801.06146 (discriminative fine-tuning); Bao et al.
        2021, BEiT, arXiv:2106.08254.
    """

    main: ClassVar[str | None] = "rate"

    kind: ClassVar[Literal["layer_decay"]] = "layer_decay"
    rate: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=0.75, description="factor of lr from each layer to the one before it"
    )

    def scales(self, model: nn.Module) -> dict[str, float]:
        """Return the factor of lr of each parameter that is not the head's."""
        found = layers(model)
        return {
            name: self.rate ** (len(found) - 1 - place)
            for place, names in enumerate(found[:-1])
            for name in names
        }

    def touch(self, model: nn.Module) -> Touch:
        """Return the ledger's line; a network of one layer has nothing below its head."""
        below = max(len(layers(model)) - 1, 0)
        return Touch("optimizer", self.kind, f"{counted(below, 'layer')} below the head", below)


def layers(model: nn.Module) -> list[list[str]]:
    """Return the parameters' names layer by layer, from the input to the head."""
    from trickrun.modules.layers import weight_layers

    found: list[list[str]] = []
    leading = [name for name, _ in model.named_parameters(recurse=False)]
    for prefix, unit in units(model):
        names = [f"{prefix}{name}" for name, _ in unit.named_parameters()]
        if weight_layers(unit):
            found.append(leading + names)
            leading = []
        elif found:
            found[-1] += names
        else:
            leading += names
    return found


def units(model: nn.Module, prefix: str = "") -> Iterator[tuple[str, nn.Module]]:
    """Yield the parts that ``model`` is a sequence of, each with the prefix of its names."""
    from torch import nn

    for name, child in model.named_children():
        inner = f"{prefix}{name}."
        if isinstance(child, nn.Sequential | nn.ModuleList):
            yield from units(child, inner)
        else:
            yield inner, child
