from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.errors import CompileError
from trickrun.params import Beta, Betas, NonNegative, Repeats
from trickrun.tricks.ledger import LedgerEntry, counted
from trickrun.tricks.optimizers._optimizer import Decaying, Settings

if TYPE_CHECKING:
    import torch
    from torch import nn


class Muon(Decaying):
    """Steps of each hidden matrix that turn in all directions alike; the rest steps by adamw.

    Formula: v = momentum*v + (1-momentum)*g; u = U Vᵀ of v = U S Vᵀ, by a few Newton-Schulz steps;
        W -= lr * weight_decay * W; W -= lr * scale * u.
    When: transformers and other networks that are mostly matrices.
    Defaults: PyTorch's, but scale 0.2 * sqrt(max(rows, columns)) (match_rms_adamw), so that lr and
        decay are those of adamw; ``original`` is sqrt(max(1, rows / columns)).
    Interactions: embeddings, the head, convolutions, biases and norm scales step by adamw with the
        same lr and weight_decay.
    Source: Jordan et al. 2024, Muon; Liu et al. 2025, arXiv:2502.16982, for match_rms_adamw;
        torch.optim.Muon (torch 2.9 and later).
    """

    couples_decay: ClassVar[bool] = False
    usual_lr: ClassVar[tuple[float, float] | None] = (1e-4, 1e-2)
    """As for adamw, which match_rms_adamw makes lr mean; original takes about 0.02."""
    high_lr: ClassVar[float | None] = 0.1
    """As for adamw."""
    least_travel: ClassVar[float | None] = 0.03
    """As for adamw."""
    adaptive: ClassVar[bool | None] = True
    steps_proportional_to_lr: ClassVar[bool | None] = True
    eps_bounds_steps: ClassVar[bool] = True
    entrywise: ClassVar[bool] = False
    """Its steps depend on the shape of each parameter."""

    kind: Literal["muon"] = "muon"
    momentum: Beta = Field(default=0.95, description="memory of the gradient")
    nesterov: bool = Field(default=True, description="look ahead along the velocity")
    weight_decay: NonNegative = Field(
        default=0.1, description="share of the weights, times lr, taken off at each step"
    )
    newton_schulz: Repeats = Field(default=5, description="steps that make the update orthogonal")
    scale: Literal["match_rms_adamw", "original"] = Field(
        default="match_rms_adamw", description="size of a step by the matrix's shape"
    )
    betas: Betas = Field(default=(0.9, 0.999), description="adamw's memories, for all but matrices")
    eps: Annotated[float, Field(gt=0)] = Field(
        default=1e-8, description="keeps adamw's division finite"
    )

    def settings(self, model: nn.Module) -> Settings:
        found = super().settings(model)
        matrices = {id(p) for p in hidden_matrices(model)}
        for name, parameter in model.named_parameters():
            found.setdefault(name, {})["muon"] = id(parameter) in matrices
        return found

    def ledger_entries(self, model: nn.Module) -> list[LedgerEntry]:
        count = len(hidden_matrices(model))
        what = f"{counted(count, 'hidden weight')} as matrices, the rest by adamw"
        return [*super().ledger_entries(model), LedgerEntry("optimizer", self.kind, what, count)]

    @property
    def kept_for_each(self) -> int:
        return 1

    def build(self, groups: list[dict[str, Any]], folder: Path) -> torch.optim.Optimizer:
        import torch

        if not hasattr(torch.optim, "Muon"):
            raise CompileError(
                f"torch {torch.__version__} has no Muon",
                "optimizer",
                "update torch to 2.9 or later, or use adamw",
            )
        from trickrun.tricks.optimizers._torch_muon_adamw import MuonAdamW

        shared = {"lr": self.lr, "weight_decay": self.weight_decay}
        muon = {
            "momentum": self.momentum,
            "nesterov": self.nesterov,
            "ns_steps": self.newton_schulz,
            "adjust_lr_fn": self.scale,
        }
        adamw = {"betas": self.betas, "eps": self.eps}
        return MuonAdamW(groups, muon | shared, adamw | shared)


def hidden_matrices(model: nn.Module) -> list[nn.Parameter]:
    """Return the matrices of fully connected, recurrent and attention layers but the head's."""
    from torch import nn

    from trickrun.nn.layers import weight_layers, weights

    layers = [layer for _, layer in weight_layers(model)[:-1]]
    found = (
        p
        for layer in layers
        if not isinstance(layer, nn.Embedding | nn.EmbeddingBag)
        for _, p in weights(layer)
        if p.ndim == 2
    )
    return list(dict.fromkeys(found))
