from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from trickrun.data.splits.source import Task
from trickrun.errors import CompileError
from trickrun.findings.words import counted
from trickrun.nn.activations import ActivationName
from trickrun.params import Params, Stackable
from trickrun.tricks.ledger import LedgerEntry
from trickrun.tricks.losses._loss import Loss

if TYPE_CHECKING:
    import torch
    from torch import nn

LOGITS: tuple[ActivationName, ...] = ("linear", "log_softmax")
"""Activations of the head after which a bias of log class shares still gives these shares."""


class HeadBias(Params):
    """Start the last layer's bias at the best answer that ignores the input.

    Formula: log of the class shares for classes (bce: log of the second's share over the first's);
        for labels log(p / (1 - p)), p being the share of the samples that have it; for values the
        constant of the lowest loss: the mean for mse, the median for mae.
    When: some classes are rare, or targets lie far from zero: else the first steps are spent on
        learning this constant, the hockey stick at the start of the loss curve.
    Defaults: prior, read from the training split; or give a number.
    Interactions: shares are counted with the loss's class weights and label smoothing, so balanced
        weights ask for no bias. A class without samples, and a label that no
        sample or every sample has, counts as half a sample.
    Source: Karpathy 2019, A Recipe for Training Neural Networks ("init well"); Lin et al. 2017,
        Focal Loss, arXiv:1708.02002, section 4.1.
    """

    main: ClassVar[str | None] = "value"

    kind: ClassVar[Literal["head_bias"]] = "head_bias"
    value: Literal["prior"] | Annotated[float, Stackable()] = Field(
        default="prior", description="prior: by the training split; or a number for all outputs"
    )

    def constant(
        self,
        loss: Loss,
        task: Task,
        y: torch.Tensor,
        label_smoothing: float,
        weight: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return the bias [outputs] for the training targets ``y``, of samples that count by
        ``weight`` [N].

        Raises CompileError for a loss whose best constant is not known.
        """
        import torch

        if self.value != "prior":
            return torch.full((loss.outputs(task),), self.value)
        known = loss.constant(task, y.cpu(), label_smoothing, weight)
        if known is None or known.best is None:
            raise CompileError(
                f"the best constant for the loss {loss.kind_name} is not known",
                "init.head_bias",
                "give it as a number, or remove head_bias",
            )
        best = known.best
        rarest = math.log(2 * len(y))
        if task.kind == "classification":
            best = best.clamp(min=float(best.max()) - rarest)
        elif task.kind == "multilabel":
            best = best.clamp(-rarest, rarest)
        return best

    def apply(
        self, model: nn.Module, constant: torch.Tensor, activation: ActivationName | None
    ) -> LedgerEntry:
        """Set the head's bias in place and return the ledger's line.

        Args:
            constant: the bias [outputs].
            activation: what the head ends with; None for a user's own model.
        """
        import torch

        from trickrun.nn.layers import biases, weight_layers

        if self.value == "prior" and activation not in (None, *LOGITS):
            raise CompileError(
                f"head_bias: prior sets the head's output, but {activation} changes that",
                "init.head_bias",
                "set model.head_activation: linear, or give the bias as a number",
            )
        layers = weight_layers(model)
        found = [p for _, p in biases(layers[-1][1]) if p.shape == constant.shape] if layers else []
        for parameter in found:
            with torch.no_grad():
                parameter.copy_(constant)
        return LedgerEntry("init", self.kind, counted(len(found), "bias"), len(found))
