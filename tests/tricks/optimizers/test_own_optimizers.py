"""Optimizers that torch.optim has not: against their formulas, step for step."""

from pathlib import Path

import pytest
import torch
from torch import nn

from trickrun.errors import CompileError
from trickrun.recipe.load import from_tree
from trickrun.recipe.patch import canonical
from trickrun.training.compile import compile_recipe
from trickrun.tricks.optimizers import Optimizer
from trickrun.tricks.optimizers.adam import Adam
from trickrun.tricks.optimizers.lion import Lion
from trickrun.tricks.optimizers.muon import Muon
from trickrun.tricks.optimizers.sgd import SGD
from trickrun.tricks.updates.lookahead import Lookahead

HERE = Path(__file__).parent
STEPS = 12


def start() -> torch.Tensor:
    return torch.randn(6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def draw(step: int) -> torch.Tensor:
    draws = torch.Generator().manual_seed(1 + step)
    return torch.randn(6, generator=draws, dtype=torch.float64)


def slope(w: torch.Tensor) -> torch.Tensor:
    """The gradient of a problem whose curvature differs by entry, so that where it is taken
    matters."""
    return torch.arange(1.0, 7.0, dtype=torch.float64) * w + w.sin()


def test_lion_is_the_formula():
    lion = Lion(lr=0.1, betas=(0.8, 0.95), weight_decay=0.3)
    p = nn.Parameter(start())
    optimizer = lion.build([{"params": [p]}], HERE)
    w, m = start(), torch.zeros(6, dtype=torch.float64)
    for step in range(STEPS):
        p.grad = g = draw(step)
        optimizer.step()
        w = w - 0.1 * ((0.8 * m + 0.2 * g).sign() + 0.3 * w)
        m = 0.95 * m + 0.05 * g
        torch.testing.assert_close(p.detach(), w, rtol=1e-12, atol=1e-12)


RATES = [0.05, 0.05, 0.02, 0.08, 0.01]


def trained(sgd: SGD, rates: list[float]) -> list[torch.Tensor]:
    """Return the weights held after each step of the problem ``slope``."""
    p = nn.Parameter(start())
    optimizer = sgd.build([{"params": [p]}], HERE)
    held = []
    for lr in rates:
        optimizer.param_groups[0]["lr"] = lr
        p.grad = slope(p.detach())
        optimizer.step()
        held.append(p.detach().clone())
    return held


def test_the_classical_velocity_holds_the_rates_of_its_steps():
    w, v = start(), torch.zeros(6, dtype=torch.float64)
    for lr, held in zip(RATES, trained(SGD(momentum=0.9, form="classical"), RATES), strict=True):
        v = 0.9 * v + lr * slope(w)
        w = w - v
        torch.testing.assert_close(held, w, rtol=1e-12, atol=1e-12)


def test_nesterov_takes_the_gradient_ahead_whatever_the_schedule():
    """The literal look-ahead: a gradient at w - momentum*v; the next such point is held."""
    sgd = SGD(momentum=0.9, nesterov=True, form="classical")
    w, v = start(), torch.zeros(6, dtype=torch.float64)
    for lr, held in zip(RATES, trained(sgd, RATES), strict=True):
        v = 0.9 * v + lr * slope(w - 0.9 * v)
        w = w - v
        torch.testing.assert_close(held, w - 0.9 * v, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("nesterov", [False, True])
def test_both_forms_are_equal_while_lr_stays(nesterov):
    forms = [SGD(momentum=0.9, nesterov=nesterov, form=form) for form in ("pytorch", "classical")]
    steady, changing = (
        [torch.stack(trained(sgd, rates)) for sgd in forms] for rates in ([0.05] * 5, RATES)
    )
    torch.testing.assert_close(*steady, rtol=1e-12, atol=1e-12)
    assert not torch.allclose(*changing, rtol=1e-3)


def test_classical_weight_decay_is_added_to_the_gradient():
    (held,) = trained(SGD(form="classical", weight_decay=0.5), [0.1])
    torch.testing.assert_close(held, start() - 0.1 * (slope(start()) + 0.5 * start()))


@pytest.mark.parametrize("inner", [SGD(lr=0.1, momentum=0.9), Adam(lr=0.1)])
def test_lookahead_is_the_formula(inner):
    outer = inner.model_copy(update={"lookahead": Lookahead(k=3, alpha=0.4)})
    p, q = nn.Parameter(start()), nn.Parameter(start())
    ahead = outer.over([{"params": [p]}], HERE)
    fast, slow = inner.build([{"params": [q]}], HERE), start()
    for step in range(STEPS):
        p.grad, q.grad = draw(step), draw(step)
        ahead.step()
        fast.step()
        if (step + 1) % 3 == 0:
            slow = slow + 0.4 * (q.detach() - slow)
            q.data = slow.clone()
        torch.testing.assert_close(p.detach(), q.detach(), rtol=1e-12, atol=1e-12)


class Outer(torch.optim.SGD):
    """A step around that of the base class, as in docs/plug-ins.md."""

    def step(self, closure: None = None) -> None:
        super().step()
        for p in self.param_groups[0]["params"]:
            p.data *= 0.9


class AddedOptimizer(Optimizer):
    def build(self, groups, folder):
        return Outer(groups, lr=self.lr)


def test_lookahead_counts_a_step_around_that_of_the_base_class_once():
    torch.optim.SGD([nn.Parameter(start())])  # from now on SGD.step has hooks around it too
    p, w, slow = nn.Parameter(start()), start(), start()
    optimizer = AddedOptimizer(lr=0.1, lookahead=Lookahead(k=3, alpha=0.4)).over(
        [{"params": [p]}], HERE
    )
    for step in range(STEPS):
        p.grad = draw(step)
        optimizer.step()
        w = 0.9 * (w - 0.1 * draw(step))
        if (step + 1) % 3 == 0:
            w = slow = slow + 0.4 * (w - slow)
        torch.testing.assert_close(p.detach(), w, rtol=1e-12, atol=1e-12)


def test_lookahead_resumes_between_two_jumps():
    def run(steps: range, p: nn.Parameter, state: dict | None) -> dict:
        optimizer = Adam(lookahead=Lookahead(k=5)).over([{"params": [p]}], HERE)
        if state is not None:
            optimizer.load_state_dict(state)
        for step in steps:
            p.grad = draw(step)
            optimizer.step()
        return optimizer.state_dict()

    whole, halves = nn.Parameter(start()), nn.Parameter(start())
    run(range(STEPS), whole, None)
    run(range(7, STEPS), halves, run(range(7), halves, None))
    assert torch.equal(whole, halves)


def matrices() -> nn.Sequential:
    model = nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 6), nn.LayerNorm(6), nn.Linear(6, 3))
    draws = torch.Generator().manual_seed(0)
    for p in model.parameters():
        p.data = torch.randn(p.shape, generator=draws)
    return model


def test_muon_steps_hidden_matrices_and_adamw_the_rest():
    muon = Muon(lr=0.01, momentum=0.9, nesterov=False, newton_schulz=4, betas=(0.8, 0.9), eps=1e-3)
    mine, theirs = matrices(), matrices()
    rest = [p for p in theirs.parameters() if p is not theirs[1].weight]
    references = [
        torch.optim.Muon(
            [theirs[1].weight], lr=0.01, weight_decay=0.1, momentum=0.9, nesterov=False,
            ns_steps=4, adjust_lr_fn="match_rms_adamw",
        ),
        torch.optim.AdamW(rest, lr=0.01, weight_decay=0.1, betas=(0.8, 0.9), eps=1e-3),
    ]  # fmt: skip
    optimizer = muon.over(muon.groups(mine), HERE)
    for step in range(STEPS):
        for p, q in zip(mine.parameters(), theirs.parameters(), strict=True):
            draws = torch.Generator().manual_seed(step)
            p.grad = torch.randn(p.shape, generator=draws)
            q.grad = p.grad.clone()
        optimizer.step()
        for reference in references:
            reference.step()
    for p, q in zip(mine.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(p, q)


def test_a_torch_without_muon_is_told_so(monkeypatch):
    monkeypatch.delattr(torch.optim, "Muon")
    with pytest.raises(CompileError, match="has no Muon") as caught:
        Muon().build([], HERE)
    assert "2.9 or later" in caught.value.hint


def test_muon_without_hidden_matrices_is_an_error():
    tree = {"data": {"kind": "iris"}, "model": {"kind": "mlp", "hidden": []}, "optimizer": "muon"}
    with pytest.raises(CompileError, match="optimizer: muon"):
        compile_recipe(from_tree(canonical(tree)), HERE)
