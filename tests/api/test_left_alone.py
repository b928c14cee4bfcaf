"""Checks on a user's objects leave them, and all random states, as they were, to the bit."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import trickrun as tr

X = torch.randn(96, 4, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()


class User:
    """Somebody's training in the midst of it: steps taken, hooks set, generators used."""

    def __init__(self) -> None:
        torch.manual_seed(3)
        self.model = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 2)
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), 1e-2)
        self.schedule = torch.optim.lr_scheduler.StepLR(self.optimizer, 2)
        self.loss = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0]))
        self.generator = torch.Generator().manual_seed(5)
        data = TensorDataset(X.clone(), Y.clone())
        self.loader = DataLoader(data, 16, shuffle=True, generator=self.generator)
        self.calls = 0
        for x, y in self.loader:
            self.optimizer.zero_grad()
            self.loss(self.model(x), y).backward()
            self.optimizer.step()
            self.schedule.step()
        self.model[1].eval()
        self.model[0].register_forward_hook(self.called)
        self.model[4].register_full_backward_hook(self.called)
        self.model[0].weight.requires_grad_(False)

    def called(self, *given: Any) -> None:
        self.calls += 1

    def state(self) -> dict[str, Any]:
        """Return all of it as plain data and tensors."""
        data = self.loader.dataset
        assert isinstance(data, TensorDataset)
        return copy.deepcopy(
            {
                "model": self.model.state_dict(),
                "gradients": [p.grad for p in self.model.parameters()],
                "requires_grad": [p.requires_grad for p in self.model.parameters()],
                "modes": [module.training for module in self.model.modules()],
                "hooks": [
                    (list(m._forward_hooks), list(m._backward_hooks), list(m._forward_pre_hooks))
                    for m in self.model.modules()
                ],
                "dropout": self.model[3].p,
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state_dict(),
                "loss": self.loss.state_dict(),
                "generator": self.generator.get_state(),
                "data": data.tensors,
                "calls": self.calls,
                "torch": torch.get_rng_state(),
                "numpy": np.random.get_state(),
                "python": random.getstate(),
                "grad": torch.is_grad_enabled(),
                "threads": torch.get_num_threads(),
                "type": torch.get_default_dtype(),
                "global hooks": len(nn.modules.module._global_forward_hooks),
            }
        )


def same(one: Any, other: Any) -> bool:
    """Whether two states are equal, tensors to the bit."""
    if isinstance(one, torch.Tensor | np.ndarray):
        return type(one) is type(other) and bool(
            (torch.as_tensor(one) == torch.as_tensor(other)).all()
        )
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


CHECKS: dict[str, Callable[[User], tr.Verdict]] = {
    "initial_loss": lambda u: tr.initial_loss(u.model, u.loader, u.loss, u.optimizer, seeds=2),
    "overfit_batch": lambda u: tr.overfit_batch(u.model, u.loader, u.loss, u.optimizer, steps=10),
    "lr_find": lambda u: tr.lr_find(u.model, u.loader, u.loss, u.optimizer, steps=50, seeds=2),
    "grad_check": lambda u: tr.grad_check(u.model, u.loader, u.loss, u.optimizer),
    "signal": lambda u: tr.signal(u.model, u.loader, u.loss, u.optimizer, steps=5),
    "diagnose": lambda u: tr.diagnose(u.model, u.loader, u.loss, u.optimizer),
    "checklist": lambda u: tr.checklist(
        u.model, u.loader, u.loss, u.optimizer, val=u.loader, keep_going=True
    ),
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_leaves_everything_as_it_was(name: str, capsys: Any) -> None:
    user = User()
    before = user.state()
    assert same(before, user.state())
    CHECKS[name](user)
    after = user.state()
    changed = [key for key in before if not same(before[key], after[key])]
    assert changed == []


def test_the_training_goes_on_as_if_nothing_had_been(capsys: Any) -> None:
    def losses(user: User, check: bool) -> list[float]:
        torch.manual_seed(9)
        found = []
        for step, (x, y) in enumerate(user.loader):
            if check and step == 2:
                tr.signal(user.model, user.loader, user.loss, user.optimizer, steps=3)
            user.optimizer.zero_grad()
            loss = user.loss(user.model.train()(x), y)
            loss.backward()
            user.optimizer.step()
            found.append(loss.item() + random.random() + np.random.rand())
        return found

    random.seed(1)
    np.random.seed(1)
    plain = losses(User(), False)
    random.seed(1)
    np.random.seed(1)
    assert losses(User(), True) == plain


def test_a_check_works_where_gradients_are_off(capsys: Any) -> None:
    user = User()
    with torch.no_grad():
        found = tr.overfit_batch(user.model, user.loader, user.loss, user.optimizer, steps=10)
        assert not torch.is_grad_enabled()
    assert found.result["steps"] > 0


def test_a_failed_check_gives_the_random_states_back() -> None:
    model, before = nn.Linear(3, 2), torch.get_rng_state()
    with pytest.raises(tr.TrickrunError):
        tr.signal(model, (X, Y), nn.CrossEntropyLoss())
    assert torch.equal(before, torch.get_rng_state())
