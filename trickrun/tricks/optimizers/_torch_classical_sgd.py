"""SGD whose velocity holds the learning rates of the steps that it was made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


class ClassicalSGD(torch.optim.Optimizer):
    """Momentum as Polyak, Sutskever, Caffe and Keras write it; torch.optim.SGD has the other form.

    The velocity is v = momentum*v + lr*g, and w -= v. With Nesterov's look-ahead the weights that
    are held are the point y = w - momentum*v at which the gradient is taken, and the same two
    lines become y -= lr*g + momentum*v, whatever lr does from step to step.

    Args:
        groups: parameter groups, as every torch optimizer takes them.
        weight_decay: times the weights, added to the gradient.
    """

    def __init__(
        self,
        groups: list[dict[str, Any]],
        lr: float,
        momentum: float,
        nesterov: bool,
        weight_decay: float,
    ) -> None:
        super().__init__(
            groups,
            {"lr": lr, "momentum": momentum, "nesterov": nesterov, "weight_decay": weight_decay},
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Change all parameters that have a gradient. ``closure`` is not used."""
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                gradient = p.grad.add(p, alpha=group["weight_decay"])
                velocity = self.state[p].setdefault("velocity", torch.zeros_like(p))
                velocity.mul_(momentum).add_(gradient, alpha=lr)
                if group["nesterov"]:
                    p.sub_(gradient, alpha=lr).sub_(velocity, alpha=momentum)
                else:
                    p.sub_(velocity)
