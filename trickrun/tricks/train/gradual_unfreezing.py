from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from trickrun.findings.words import counted
from trickrun.params import Count, Params
from trickrun.tricks.ledger import LedgerEntry
from trickrun.tricks.schedules._schedule import Span

if TYPE_CHECKING:
    from torch import nn


class GradualUnfreezing(Params):
    """Train the head alone at first, then one layer more after every few epochs.

    Formula: of the layers 0 (the input's) to L (the head), epoch e trains the last
        1 + floor(e / every); the others keep their values.
    When: fine-tuning. A new head's first gradients are large and mean little, and would spoil what
        the layers below have learned.
    Defaults: one layer per epoch, as in ULMFiT.
    Interactions: what model.freeze holds stays frozen, so a pretrained model needs freeze: none, or
        the number of stages that shall never change. Frozen batch norms keep their statistics. A
        residual or transformer block is one layer. lr-find and overfit-batch train all layers.
    Source: Howard & Ruder 2018, ULMFiT, arXiv:1801.06146, section 3.3.
    """

    main: ClassVar[str | None] = "every"

    kind: ClassVar[Literal["gradual_unfreezing"]] = "gradual_unfreezing"
    every: Count = Field(default=1, description="epochs until the next layer is trained too")

    @property
    def trains_alone(self) -> bool:
        """A stack's step is one program: it has the gradients of all layers or of none."""
        return True

    def layers(self, model: nn.Module) -> tuple[tuple[nn.Parameter, ...], ...]:
        """Return the parameters that are to be trained, layer by layer from the input to the
        head."""
        from trickrun.nn.layers import layers

        found = (map(model.get_parameter, names) for names in layers(model))
        trained = (tuple(p for p in layer if p.requires_grad) for layer in found)
        return tuple(layer for layer in trained if layer)

    def trained(self, step: int, span: Span) -> int:
        """Return how many layers, from the head, step ``step`` (from 0) trains, if there are as
        many."""
        return 1 + step // span.per_epoch // self.every

    def hold(self, found: tuple[tuple[nn.Parameter, ...], ...], step: int, span: Span) -> bool:
        """Let gradients through to the layers ``found`` that step ``step`` (from 0) trains, and to
        no other; return whether that is a change."""
        held = max(len(found) - self.trained(step, span), 0)
        if sum(not layer[0].requires_grad for layer in found) == held:
            return False
        for place, layer in enumerate(found):
            for parameter in layer:
                parameter.requires_grad_(place >= held)
                parameter.grad = None  # an optimizer would go on with an old one
        return True

    def ledger_entry(self, model: nn.Module, span: Span) -> LedgerEntry:
        """Return the ledger's line; with no layer below the head there is nothing to unfreeze."""
        below = max(len(self.layers(model)) - 1, 0)
        reached = min(below, (span.steps - 1) // span.per_epoch // self.every)
        what = f"{counted(below, 'layer')} below the head, of which {reached} unfrozen in this run"
        return LedgerEntry("train", self.kind, what, below)
