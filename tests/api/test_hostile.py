"""Hostile uses: a clear error or the user's own exception, and the objects are as they were."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset, TensorDataset

import trickrun as tr

X = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
Y = (X[:, 0] > 0).long()
CE = nn.CrossEntropyLoss()


def network() -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))


def adam(parameters: Any) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, 1e-2)


class Mine(Exception):
    """The user's own."""


class Raising(nn.Module):
    """Raises in the seventh call."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.net, self.error, self.calls = network(), error, 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        if self.calls == 7:
            raise self.error
        answer: torch.Tensor = self.net(x)
        return answer


class Rows(Dataset[Any]):
    def __len__(self) -> int:
        return 20

    def __getitem__(self, index: int) -> Any:
        if index == 7:
            raise Mine("row 7")
        return X[index], Y[index]


class Locked(nn.Linear):
    def __init__(self) -> None:
        super().__init__(4, 2)
        self.lock = threading.Lock()


class Summed(nn.Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).sum()


def raises(*given: Any) -> Any:
    raise Mine("mine")


def bad_weights() -> nn.Module:
    model = network()
    with torch.no_grad():
        model[0].weight.fill_(float("nan"))  # type: ignore[index]
    return model


def with_hook() -> nn.Module:
    model = network()
    model[0].register_forward_hook(raises)  # type: ignore[index]
    return model


Loss = Callable[[torch.Tensor, torch.Tensor], Any]


def training(**changes: Any) -> tuple[Any, ...]:
    """Return a healthy training with some of its parts exchanged."""
    parts = {"model": network(), "train": (X, Y), "loss": CE, "optimizer": adam} | changes
    return tuple(parts.values())


def loss(function: Loss) -> tuple[Any, ...]:
    return training(loss=function)


ERRORS: dict[str, tuple[Callable[[], tuple[Any, ...]], str]] = {
    "no model": (lambda: training(model=None), "model: this is NoneType"),
    "a tensor as model": (lambda: training(model=X), "model: this is Tensor"),
    "a class with arguments": (lambda: training(model=nn.Linear), "without arguments"),
    "data as model": (lambda: ((X, Y), network(), CE), "model: this is tuple"),
    "loss as data": (lambda: (network(), CE, (X, Y)), "train: this is CrossEntropyLoss"),
    "no samples": (lambda: training(train=(X[:0], Y[:0])), "no samples"),
    "empty loader": (
        lambda: training(train=DataLoader(TensorDataset(X[:3], Y[:3]), 4, drop_last=True)),
        "no samples",
    ),
    "a generator": (lambda: training(train=iter([(X, Y)])), "train: this is list_iterator"),
    "complex inputs": (lambda: training(train=(X + 0j, Y)), "train: this is tuple"),
    "sparse inputs": (lambda: training(train=(X.to_sparse(), Y)), "train: this is tuple"),
    "one target": (lambda: training(train=(X, torch.tensor(1))), "not all parts have a row"),
    "classes without outputs": (lambda: training(train=(X, Y + 5)), "the model has 2 outputs"),
    "huge classes": (lambda: training(train=(X, Y * 10**12)), "the largest target is 10000000"),
    "float classes": (lambda: training(train=(X, Y.float())), "the loss: RuntimeError"),
    "weights of NaN": (lambda: training(model=bad_weights()), "0.weight is NaN or infinite"),
    "a lock": (lambda: training(model=Locked()), "it cannot be copied"),
    "a number for a batch": (lambda: training(model=Summed(4, 2)), "one number for a whole"),
    "a class of losses": (lambda: loss(nn.CrossEntropyLoss), "this is the class CrossEntropy"),
    "loss of a wrong length": (lambda: loss(lambda z, y: torch.ones(3)), r"returned \[3\]"),
    "loss matrix": (lambda: loss(lambda z, y: z), "returned"),
    "no loss": (lambda: loss(lambda z, y: None), "returned NoneType"),
    "loss int": (lambda: loss(lambda z, y: 3), "returned int"),
    "loss item": (lambda: loss(lambda z, y: CE(z, y).item()), "returned float"),
    "complex loss": (lambda: loss(lambda z, y: CE(z, y) * 1j), "complex numbers"),
    "loss raises": (lambda: loss(raises), "the loss: Mine: mine"),
}

OWN: dict[str, tuple[Callable[[], tuple[Any, ...]], type[BaseException]]] = {
    "function": (lambda: training(model=lambda: raises()), Mine),
    "forward": (lambda: training(model=Raising(Mine())), Mine),
    "interrupt": (lambda: training(model=Raising(KeyboardInterrupt())), KeyboardInterrupt),
    "row": (lambda: training(train=Rows()), Mine),
    "optimizer": (lambda: training(optimizer=raises), Mine),
}

TAKEN: dict[str, Callable[[], tuple[Any, ...]]] = {
    "a hook that raises": lambda: training(model=with_hook()),
    "evaluation mode": lambda: training(model=network().eval()),
    "two samples": lambda: training(train=(X[:2], Y[:2])),
    "one class": lambda: training(train=(X, Y * 0)),
    "NaN inputs": lambda: training(train=(X / 0, Y)),
    "no gradient": lambda: loss(lambda z, y: F.cross_entropy(z, y).detach()),
    "a NaN loss": lambda: loss(lambda z, y: F.cross_entropy(z, y) * float("nan")),
    "a rate of 0": lambda: training(optimizer=lambda p: torch.optim.SGD(p, 0.0)),
    "inputs with gradients": lambda: training(train=(X.clone().requires_grad_(), Y)),
}


class Kept:
    """What a model and the random state are like."""

    def __init__(self, model: Any) -> None:
        self.model = model if isinstance(model, nn.Module) else nn.Identity()
        self.before = self.now()

    def now(self) -> list[Any]:
        parts = list(self.model.modules())
        return [
            [value.clone() for value in self.model.state_dict().values()],
            [(part.training, len(part._forward_hooks)) for part in parts],
            getattr(self.model, "calls", 0),
            torch.get_rng_state(),
        ]

    def check(self) -> None:
        values, modes, calls, state = self.now()
        assert (modes, calls) == (self.before[1], self.before[2])
        assert torch.equal(state, self.before[3])
        for one, other in zip(values, self.before[0], strict=True):
            assert torch.equal(one.nan_to_num(), other.nan_to_num())


@pytest.mark.parametrize("case", ERRORS)
def test_a_wrong_use_is_a_clear_error(case: str) -> None:
    make, told = ERRORS[case]
    given = make()
    kept = Kept(given[0])
    with pytest.raises(tr.TrickrunError, match=told):
        tr.overfit_batch(*given, steps=5)
    kept.check()


@pytest.mark.parametrize("case", OWN)
def test_an_exception_of_ones_own_is_raised_as_it_is(case: str) -> None:
    make, kind = OWN[case]
    given = make()
    kept = Kept(given[0])
    with pytest.raises(kind):
        tr.lr_find(*given, steps=50, seeds=1)
    kept.check()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", TAKEN)
def test_an_odd_training_is_judged(case: str, capsys: Any) -> None:
    given = TAKEN[case]()
    kept = Kept(given[0])
    assert tr.diagnose(*given, steps=20).verdict in ("warn", "fail", "pass")
    kept.check()


def test_a_diagnosis_whose_parts_fail_is_no_pass(capsys: Any) -> None:
    class Later(Raising):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) if self.training else self.net(x)

    found = tr.diagnose(*training(model=Later(Mine("later"))), steps=20)
    assert found.verdict != "pass"
    assert "Mine: later" in found.result["failed"].values()
