from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.findings.words import counted
from trickrun.params import Params, Stackable
from trickrun.tricks.ledger import LedgerEntry

if TYPE_CHECKING:
    from torch import nn


class ForgetBias(Params):
    """Start the forget gates of an LSTM open, so that it remembers before it has learned to.

    Formula: b_forget = value, as the sum of PyTorch's two biases; the other gates' stay.
    When: any LSTM whose sequences are longer than a few steps.
    Defaults: 1, as Keras has it (unit_forget_bias); PyTorch's own start is near 0, which halves
        the memory at each step.
    Interactions: GRUs have no forget gate.
    Source: Gers et al. 2000, Learning to Forget; Jozefowicz et al. 2015, An Empirical Exploration
        of Recurrent Network Architectures.
    """

    main: ClassVar[str | None] = "value"

    kind: ClassVar[Literal["forget_bias"]] = "forget_bias"
    value: Annotated[float, Stackable()] = Field(
        default=1.0, description="bias of the forget gates; a sigmoid follows"
    )

    def apply(self, model: nn.Module) -> LedgerEntry:
        """Set the forget gates' biases of all LSTM layers in place; return the ledger's line."""
        import torch
        from torch import nn

        count = 0
        for layer in model.modules():
            if not isinstance(layer, nn.LSTM):
                continue
            # The gates follow one another: input, forget, cell, output.
            forget = slice(layer.hidden_size, 2 * layer.hidden_size)
            for name, parameter in layer.named_parameters():
                if name.startswith("bias_"):
                    first = name.startswith("bias_ih")
                    with torch.no_grad():
                        parameter[forget] = self.value if first else 0.0
                    count += first
        return LedgerEntry("init", self.kind, counted(count, "layer"), count)
