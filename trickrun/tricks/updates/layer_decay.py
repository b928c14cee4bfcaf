from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.findings.words import counted
from trickrun.params import Params
from trickrun.tricks.ledger import LedgerEntry

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
        from trickrun.nn.layers import layers

        found = layers(model)
        return {
            name: self.rate ** (len(found) - 1 - place)
            for place, names in enumerate(found[:-1])
            for name in names
        }

    def ledger_entry(self, model: nn.Module) -> LedgerEntry:
        """Return the ledger's line; a network of one layer has nothing below its head."""
        from trickrun.nn.layers import layers

        below = max(len(layers(model)) - 1, 0)
        return LedgerEntry(
            "optimizer", self.kind, f"{counted(below, 'layer')} below the head", below
        )
