from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from trickrun.params import Count, Params, Stackable
from trickrun.tricks.ledger import LedgerEntry

if TYPE_CHECKING:
    import torch


class Lookahead(Params):
    """Slow weights that go part of the way to where the optimizer has run ahead.

    Formula: every k steps: s += alpha * (w - s), then w = s; between them the optimizer moves w.
    When: any optimizer; it forgives a high learning rate, because the slow weights average the
        oscillations out.
    Defaults: the paper's k 5 and alpha 0.5.
    Interactions: the optimizer keeps its momentum where w jumps. Evaluations between two jumps see
        the fast weights; an epoch of a multiple of k steps ends with the slow ones.
    Source: Zhang et al. 2019, Lookahead Optimizer: k steps forward, 1 step back, arXiv:1907.08610.
    """

    main: ClassVar[str | None] = "k"

    kind: ClassVar[Literal["lookahead"]] = "lookahead"
    k: Annotated[Count, Stackable()] = Field(default=5, description="steps between two jumps")
    alpha: Annotated[float, Field(gt=0, le=1), Stackable()] = Field(
        default=0.5, description="share of the way that the slow weights go"
    )

    def ledger_entry(self) -> LedgerEntry:
        """Return the ledger's line."""
        return LedgerEntry("optimizer", self.kind, f"all parameters, every {self.k} steps", 1)

    def attach(self, optimizer: torch.optim.Optimizer) -> None:
        """Let ``optimizer`` carry the slow weights along in its own state and groups.

        So a checkpoint has them, and one optimizer may step groups of different k and alpha.
        """
        for group in optimizer.param_groups:
            group |= {"slow_k": self.k, "slow_alpha": self.alpha, "slow_steps": 0}
        fresh: dict[torch.Tensor, torch.Tensor] = {}
        running = 0
        # A step that calls its base class's step has the hooks around both, if an optimizer of the
        # base class was ever built in the process: only the outer one counts.

        def before(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            nonlocal running
            running += 1
            if running > 1:
                return
            for p in moving(optimizer):
                if "slow" not in optimizer.state[p]:
                    fresh[p] = p.detach().clone()

        def after(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            nonlocal running
            running -= 1
            if running > 0:
                return
            # Not before the step: many optimizers take a state that is not empty for a whole one.
            for p, start in fresh.items():
                optimizer.state[p]["slow"] = start
            fresh.clear()
            for group in optimizer.param_groups:
                jump(group, optimizer.state)

        optimizer.register_step_pre_hook(before)
        optimizer.register_step_post_hook(after)


def moving(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    """Return the parameters that a step changes."""
    return [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]


def jump(group: dict[str, Any], state: dict[torch.Tensor, Any]) -> None:
    """Count a step of ``group`` and, if it is the k-th, move slow and fast weights together."""
    import torch

    group["slow_steps"] += 1
    if group["slow_steps"] % group["slow_k"]:
        return
    with torch.no_grad():
        for p in group["params"]:
            if "slow" in state[p]:
                state[p]["slow"].lerp_(p, group["slow_alpha"])
                p.copy_(state[p]["slow"])
