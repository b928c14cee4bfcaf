"""A plain module as the subject of checks: no recipe is needed."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import nn

from trickrun.checks.grad_check.gradient_check import grad_check
from trickrun.checks.initial_loss.initial_loss_check import initial_loss
from trickrun.checks.lr_find.lr_find_check import Range, lr_find
from trickrun.checks.module_facts import known_loss, known_optimizer
from trickrun.checks.module_subject import ModuleSubject
from trickrun.checks.overfit_batch.overfit_batch_check import overfit_batch
from trickrun.checks.signal.signal_check import signal
from trickrun.errors import CompileError
from trickrun.findings.static import findings
from trickrun.tricks.losses.cross_entropy import CrossEntropy
from trickrun.tricks.losses.huber import Huber
from trickrun.tricks.optimizers.sgd import SGD

DRAW = torch.Generator().manual_seed(0)
X = torch.randn(200, 6, generator=DRAW)
Y = (X[:, 0] > 0).long() + (X[:, 2] > 1).long()
VALUES = torch.stack([X[:, 0] + X[:, 1], X[:, 2].abs()], 1)


def network(outputs: int = 3, dropout: float = 0.0) -> nn.Module:
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Dropout(dropout), nn.Linear(64, outputs))


def adam(parameters: Any, lr: float = 1e-2) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, lr)


def subject(module: nn.Module | None = None, **given: Any) -> ModuleSubject:
    return ModuleSubject(
        module or network(),
        given.pop("x", X),
        given.pop("y", Y),
        given.pop("loss", nn.CrossEntropyLoss()),
        given.pop("optimizer", adam),
        **given,
    )


class Blind(nn.Module):
    """Does not look at its inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(1, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.head(torch.ones(len(x), 1))
        return answer


def test_a_healthy_module_fits_its_batch() -> None:
    found, base = overfit_batch(subject())
    assert found.verdict == "pass", found.summary
    assert (found.result["final_accuracy"], found.result["samples"]) == (1.0, 32)
    assert found.result["baseline"] == pytest.approx(entropy(base.data.train.y))
    assert found.findings == ()


def entropy(y: torch.Tensor) -> float:
    shares = y.bincount().double() / len(y)
    return float(-(shares * shares.log()).sum())


@pytest.mark.parametrize("loss", [nn.MSELoss(), nn.L1Loss(), nn.SmoothL1Loss()])
def test_values_are_fitted_too(loss: nn.Module) -> None:
    found, _ = overfit_batch(subject(network(2), y=VALUES, loss=loss), steps=1000)
    assert found.verdict == "pass", found.summary
    assert found.result["final_accuracy"] is None


def test_a_module_that_cannot_learn_is_named() -> None:
    found, _ = overfit_batch(subject(Blind()), steps=100)
    assert (found.verdict, found.result["fitted"]) == ("fail", False)
    assert found.result["blocked_by"] == ["model"]
    assert "Blocked by the module Blind" in found.summary
    (finding,) = found.findings
    assert (finding.code, finding.severity) == ("TR76", "error")
    assert "Blind" in finding.why
    assert finding.confirmed is not None
    assert finding.confirmed["after"] < found.result["threshold"] < finding.confirmed["before"]


BLOCKED: list[tuple[dict[str, Any], str, str]] = [
    ({"optimizer": lambda p: adam(p, 1e-4)}, "optimizer.lr", "TR36"),
    ({"loss": lambda z, y: nn.functional.cross_entropy(0 * z, y)}, "loss", "TR30"),
    ({"x": 1e-4 * X}, "data.normalize", "TR01"),
]


@pytest.mark.parametrize(("given", "path", "code"), BLOCKED, ids=[case[1] for case in BLOCKED])
def test_the_part_that_blocks_is_named(given: dict[str, Any], path: str, code: str) -> None:
    found, _ = overfit_batch(subject(**given), steps=120)
    assert found.verdict == "fail"
    assert path in found.result["blocked_by"]
    assert code in {finding.code for finding in found.findings}


def test_weights_of_zeros_are_drawn_anew() -> None:
    module = network()
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    found, _ = overfit_batch(subject(module), steps=100)
    assert set(found.result["blocked_by"]) == {"init", "model"}


def codes(found: ModuleSubject) -> set[str]:
    return {finding.code for finding in findings(found.facts())}


def test_the_rules_read_a_modules_facts() -> None:
    assert codes(subject()) == set()
    assert "TR35" in codes(subject(optimizer=lambda p: adam(p, 5.0)))
    assert "TR48" in codes(subject(nn.Sequential(nn.Linear(6, 3), nn.BatchNorm1d(3)), batch_size=2))
    assert "TR01" in codes(subject(x=1e4 * X))


def test_the_rules_are_silent_about_what_is_not_known() -> None:
    class Own(torch.optim.Adam):
        pass

    assert codes(subject(optimizer=lambda p: Own(p, 5.0))) == set()
    assert codes(subject(loss=lambda z, y: nn.functional.cross_entropy(z, y))) == set()


def test_an_optimizer_is_known_by_its_values() -> None:
    parameters = network().parameters()
    known = known_optimizer(torch.optim.SGD(parameters, 0.3, momentum=0.8, nesterov=True))
    assert known == SGD(lr=0.3, momentum=0.8, nesterov=True)
    assert subject(optimizer=lambda p: torch.optim.SGD(p, 1.0)).facts().optimizer.kind == "sgd"


def test_dropout_and_weight_decay_are_off_and_put_back() -> None:
    def adamw(parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.AdamW(parameters, 1e-2, weight_decay=0.1)

    found, base = overfit_batch(subject(network(dropout=0.95), optimizer=adamw))
    assert found.result["disabled"] == ["regularizers.dropout", "optimizer.weight_decay"]
    assert found.result["blocked_by"] == ["regularizers.dropout"]
    job = base.job()
    assert job.model[2].p == 0.0
    assert job.optimizer.param_groups[0]["weight_decay"] == 0.0


def test_the_initial_loss_of_a_module() -> None:
    found, derived = initial_loss(subject(), seeds=3)
    assert found.verdict == "pass", found.summary
    assert found.result["expected"] == pytest.approx(math.log(3), abs=0.05)
    assert len({seed["loss"] for seed in found.result["per_seed"]}) == 3
    assert derived.job().span.steps == 1


def test_a_head_that_starts_too_large_raises_the_initial_loss() -> None:
    module = network()
    nn.init.normal_(module[3].weight, std=5.0)
    found, _ = initial_loss(subject(module), seeds=1)
    assert found.verdict == "fail"
    assert found.result["loss"] > found.result["limit"]


def test_a_learning_rate_for_a_module() -> None:
    found, derived = lr_find(subject(), Range(steps=100, seeds=1))
    assert found.result["lr"] == 1e-2
    assert 1e-3 < found.result["suggestion"] < 1
    assert len(found.series["per_seed"][0]["losses"]) > 50
    assert derived.job().span.per_epoch == 200 // 64


def test_the_signal_through_a_module() -> None:
    found, _ = signal(subject(), steps=5)
    assert [layer["name"] for layer in found.result["layers"]] == ["0", "3"]
    assert found.series["signal"]["optimizer"] == "adam"
    assert found.series["signal"]["lr"] == 1e-2


def test_the_gradients_of_a_module() -> None:
    found, derived = grad_check(subject(network(dropout=0.5)))
    assert found.verdict == "pass", found.summary
    assert found.result["disabled"] == ["regularizers.dropout"]
    assert derived.job().dtype == torch.float64


def test_a_module_whose_backward_pass_is_wrong() -> None:
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
            return x * x

        @staticmethod
        def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
            return gradient

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer, self.head = nn.Linear(6, 8), nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            answer: torch.Tensor = self.head(Wrong.apply(self.layer(x)))
            return answer

    found, _ = grad_check(subject(Net()))
    assert found.verdict == "fail"


def test_the_module_and_its_training_are_left_alone() -> None:
    module = network(dropout=0.5).eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    overfit_batch(subject(module), steps=20)
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert not module.training
    assert module[2].p == 0.5


def test_a_job_starts_from_the_modules_weights_or_from_new_ones() -> None:
    given = subject()
    same, again = given.job().model, given.changed({"seed": 1}).job().model
    assert torch.equal(same[0].weight, given.module[0].weight)
    assert not torch.equal(again[0].weight, given.module[0].weight)
    assert torch.equal(again[0].weight, given.changed({"seed": 1}).job().model[0].weight)


def test_changes_of_the_learning_rate_keep_the_groups_ratio() -> None:
    def groups(parameters: Any) -> torch.optim.Optimizer:
        weight, *rest = parameters
        return torch.optim.SGD([{"params": [weight]}, {"params": rest, "lr": 0.2}], 0.1)

    changed = subject(optimizer=groups).changed({"optimizer.lr": 0.3})
    assert changed.lr == 0.3
    lrs = [group["lr"] for group in changed.job().optimizer.param_groups]
    assert lrs == pytest.approx([0.3, 0.6])


def test_a_new_optimizer_takes_over_from_an_earlier_change() -> None:
    slow = subject().changed({"optimizer.lr": 1e-6})
    assert slow.changed({"optimizer": {"kind": "adam", "lr": 1e-3}}).lr == 1e-3


def test_what_only_a_recipe_has_cannot_be_changed() -> None:
    with pytest.raises(CompileError, match=r"model\.activation"):
        subject().changed({"model.activation": "relu"})
    assert subject().changed({"augmentation": None}).changes == {}


@pytest.mark.parametrize(
    ("path", "value"),
    [("model", {"kind": "cnn"}), ("optimizer", {"kind": "fast"}), ("init", {"kind": "none"})],
)
def test_what_is_not_known_is_no_job(path: str, value: Any) -> None:
    with pytest.raises(CompileError):
        subject().changed({path: value}).job()


def test_parts_are_replaced_by_any_kind() -> None:
    changes = {
        "optimizer": {"kind": "sgd", "lr": 0.1, "momentum": 0.5},
        "loss": {"kind": "hinge"},
        "data.normalize": {"kind": "minmax"},
        "data.batch_size": 16,
        "init": {"kind": "zeros"},
    }
    job = subject().changed(changes).job()
    assert job.optimizer.param_groups[0]["momentum"] == 0.5
    assert job.loss_kind.kind_name == "hinge"
    assert job.inputs(X).max() == pytest.approx(1.0)
    assert job.batch_size == 16
    assert not job.model[0].weight.any()


def test_a_module_that_does_not_fit_its_data_is_an_error() -> None:
    with pytest.raises(CompileError, match="RuntimeError"):
        overfit_batch(subject(x=X[:, :4]))


def test_a_loss_is_known_by_what_it_computes() -> None:
    assert known_loss(nn.CrossEntropyLoss(), Y) == CrossEntropy()
    weights = torch.tensor([1.0, 2.0, 3.0])
    assert known_loss(nn.CrossEntropyLoss(weights), Y) == CrossEntropy(class_weights=[1, 2, 3])
    assert known_loss(nn.HuberLoss(delta=0.5), VALUES) == Huber(delta=0.5)
    assert known_loss(nn.MSELoss(), VALUES[:, 0]) is None
    assert known_loss(nn.CrossEntropyLoss(reduction="sum"), Y) is None
    assert known_loss(lambda z, y: z.mean(), Y) is None
