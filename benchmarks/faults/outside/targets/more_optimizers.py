"""Optimizers for the outside subjects, right and wrong."""

import torch


class SignedMomentum(torch.optim.Optimizer):
    """Steps by the sign of a running mean; right."""

    def __init__(self, params, lr, memory=0.9):
        super().__init__(params, {"lr": lr, "memory": memory})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                mean = self.state[p].setdefault("mean", torch.zeros_like(p))
                mean.mul_(group["memory"]).add_(p.grad, alpha=1 - group["memory"])
                p.sub_(mean.sign(), alpha=group["lr"])


class OwnAdam(torch.optim.Optimizer):
    """Adam as a course has one write it.

    Args:
        mistake: "plus" (it adds the step) or "no root" (it divides by the mean square, not by its
            root).
    """

    def __init__(self, params, lr, betas=(0.9, 0.99), eps=1e-8, mistake=""):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})
        self.mistake = mistake

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                state["t"] += 1
                state["m"].mul_(b1).add_(p.grad, alpha=1 - b1)
                state["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                m = state["m"] / (1 - b1 ** state["t"])
                v = state["v"] / (1 - b2 ** state["t"])
                size = (v if self.mistake == "no root" else v.sqrt()) + group["eps"]
                p.add_(m / size, alpha=group["lr"] if self.mistake == "plus" else -group["lr"])


class Decaying(torch.optim.SGD):
    """SGD whose rate falls by a fifth after ``every`` steps: an epoch's number of them is right."""

    def __init__(self, params, lr, every, gamma=0.8):
        super().__init__(params, lr=lr, momentum=0.9)
        self.every, self.gamma, self.count = every, gamma, 0

    @torch.no_grad()
    def step(self, closure=None):
        factor = self.gamma ** (self.count // self.every)
        self.count += 1
        rates = [group["lr"] for group in self.param_groups]
        for group in self.param_groups:
            group["lr"] *= factor
        super().step()
        for group, rate in zip(self.param_groups, rates, strict=True):
            group["lr"] = rate


def on_clones(params, lr):
    """The parameters were copied (to another device, say) before the optimizer got them."""
    return torch.optim.Adam([p.detach().clone().requires_grad_(True) for p in params], lr=lr)


def biases_only(params, lr):
    """A filter that meant to leave the biases out of the decay leaves all else out of Adam."""
    return torch.optim.Adam([p for p in params if p.ndim == 1], lr=lr)


def two_groups(params, lr):
    """Right: AdamW that decays the weights and leaves the biases."""
    params = list(params)
    groups = [
        {"params": [p for p in params if p.ndim > 1], "weight_decay": 1e-2},
        {"params": [p for p in params if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr)


def nesterov(params, lr):
    """Right: SGD with Nesterov's momentum."""
    return torch.optim.SGD(params, lr=lr, momentum=0.9, nesterov=True)


def rprop(params, lr):
    """Right: resilient propagation, for whole batches."""
    return torch.optim.Rprop(params, lr=lr)
